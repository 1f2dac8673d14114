"""Long work: start it, follow it, cancel it, fetch what came of it."""

from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import FileResponse, StreamingResponse

from assent.interfaces.rest import schemas
from assent.interfaces.rest.wire import AtDesk, to_job
from assent.services.kept import Job
from assent.services.propagation import Rest
from assent.services.workspace import check_word

router = APIRouter(tags=["jobs"])
STILL_THERE = ": still there\n\n"
"""A comment, by which a broken connection is noticed."""


@router.get("/jobs")
def list_jobs(desk: AtDesk) -> list[schemas.Job]:
    """All jobs, newest first."""
    return [to_job(job) for job in desk.workspace.jobs.all()]


@router.get("/jobs/{job}")
def get_job(desk: AtDesk, job: schemas.Id) -> schemas.Job:
    """One job."""
    return to_job(desk.workspace.jobs.get(job))


@router.get(
    "/jobs/{job}/events",
    responses={200: {"content": {"text/event-stream": {}}}},
    response_class=StreamingResponse,
)
def events(desk: AtDesk, job: schemas.Id) -> StreamingResponse:
    """A job at once and at every change, until it is finished."""
    desk.workspace.jobs.get(job)
    stream = _stream(desk.workspace.jobs.follow(job))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


@router.post("/jobs/{job}/cancel")
def cancel(desk: AtDesk, job: schemas.Id) -> schemas.Job:
    """Ask for the end of a job."""
    return to_job(desk.workspace.jobs.cancel(job))


@router.post("/projects/{project}/exports", status_code=202)
def export(desk: AtDesk, project: schemas.Id, given: schemas.Target) -> schemas.Job:
    """Write the finished masks of a target into a ZIP file."""
    check_word("target", given.target)
    return to_job(desk.workspace.export(project, given.target))


@router.get(
    "/exports/{job}",
    responses={200: {"content": {"application/zip": {}}}},
    response_class=FileResponse,
)
def exported(desk: AtDesk, job: schemas.Id) -> FileResponse:
    """The file of a finished export."""
    file = desk.workspace.exported(job)
    return FileResponse(file, media_type="application/zip", filename=file.name)


@router.post("/projects/{project}/propagate", status_code=202)
def propagate(desk: AtDesk, project: schemas.Id, given: schemas.NewPropagation) -> schemas.Job:
    """Predict what is left of a queue; with a risk, accept what keeps it."""
    check_word("person", given.person)
    rest = Rest(project, given.target, given.person, given.risk)
    return to_job(desk.workspace.propagate(rest))


async def _stream(jobs: AsyncIterator[Job | None]) -> AsyncIterator[str]:
    async for job in jobs:
        if job is None:
            yield STILL_THERE
        else:
            yield f"event: job\ndata: {to_job(job).model_dump_json()}\n\n"
