"""Streams of a job: however many are open, the server answers everybody else."""

import asyncio
import json
import math
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from threading import Event

from interfaces.rest.serving import API, HERE

STREAMS = 60
"""More than the server has threads."""

HUNG_S = 60
"""What takes longer waits for ever."""


@contextmanager
def held(served):
    """A job that runs until it is told to end, or the block does; its id, and what ends it."""
    begun, may_end = Event(), Event()

    def do(run):
        run.tell(0.5, "half")
        begun.set()
        may_end.wait()
        return "counted"

    jobs = served.workspace.jobs
    jobs._kinds = {**jobs._kinds, "count": do}
    jobs.follow = partial(jobs.follow, idle_s=math.inf)  # nothing is told without a change
    job = jobs.start("count", {})
    begun.wait()
    try:
        yield job.id, may_end.set
    finally:
        may_end.set()
        jobs.settle()


class Request:
    """One request to an application in this event loop, and what is answered to it."""

    def __init__(self, app, path):
        self.body, self.status = b"", 0
        self.has_left, self.begun = asyncio.Event(), asyncio.Event()
        self._sent = False
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", HERE.partition("//")[2].encode())],
        }
        self.ended = asyncio.ensure_future(app(scope, self._receive, self._send))

    async def _receive(self):
        if not self._sent:
            self._sent = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.has_left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.body += message["body"]
        if self.body:
            self.begun.set()

    def jobs(self):
        lines = self.body.decode().splitlines()
        return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


@asynccontextmanager
async def followed(served, job, number):
    """So many open streams of a job, each of which has told something."""
    async with asyncio.timeout(HUNG_S):
        streams = [Request(served.client.app, f"{API}/jobs/{job}/events") for _ in range(number)]
        for stream in streams:
            await stream.begun.wait()
        assert not any(stream.ended.done() for stream in streams)
        yield streams
        for stream in streams:
            await stream.ended


def test_with_more_streams_than_threads_every_other_route_answers(served):
    async def look(job, end):
        async with followed(served, job, STREAMS) as streams:
            for path in ("/projects", "/jobs", "/projects/1", "/health"):
                reply = Request(served.client.app, API + path)
                await reply.ended
                assert (reply.status, bool(reply.body)) == (200, True), path
            assert not any(stream.ended.done() for stream in streams)
            end()
        return [stream.jobs() for stream in streams]

    with held(served) as job:
        told = asyncio.run(look(*job))
    assert {len(jobs) for jobs in told} == {2}
    assert {jobs[0]["detail"] for jobs in told} == {"half"}
    assert {(jobs[-1]["state"], jobs[-1]["detail"]) for jobs in told} == {("done", "counted")}


def test_a_stream_whose_page_is_closed_ends_before_its_job_does(served):
    async def look(job):
        async with followed(served, job, 3) as streams:
            for stream in streams:
                stream.has_left.set()
        return [stream.jobs()[-1]["state"] for stream in streams]

    with held(served) as (job, _):
        assert asyncio.run(look(job)) == ["running"] * 3
        assert not served.workspace.jobs._streams._listeners


def test_a_stream_of_no_job_is_refused(served):
    assert served.get("/jobs/99/events").status_code == 404
