"""The client: one method for each thing a person does."""

import json
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from assent.client.values import Image, Job, Project, Proposal, RefusedError, Series, Task
from assent.core.errors import AssentError
from assent.core.feedback import Accept, Feedback, to_json

TRIES = 4
"""How often a request is sent while the server is away or busy starting again."""

WAIT_S = 1.0
TIMEOUT = httpx.Timeout(120.0, connect=5.0, read=900.0)
"""In seconds. A reply may take longer than the server's limit for one computation, as others may be
computed before it; whether there is a server is known soon."""

BLOCK_BYTES = 2**20
_END = bytes(2 * tarfile.BLOCKSIZE)
"""Of a TAR file."""

STORE = "Assent-Store"
"""The header with the id of the database that is served."""

HEADER_BYTES = 352
"""Of an uncompressed NIfTI file, before its voxels."""


class Client:
    """Speaks to one server as one person.

    A request that got no reply, or a reply that asks for patience, is sent again: the server
    recognises an answer that it has already. One that took the server too long is not: that is
    raised at once, as ``RefusedError`` with the code ``too_long``.

    Ids are those of the database that the server had at first: when it has another one, it refuses
    with the code ``other_store``.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8642",
        *,
        token: str | None = None,
        person: str = "me",
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Name the server; nothing is sent yet.

        Args:
            url: Where it is.
            token: If it asks for one.
            person: Whose answers these are.
            http: In place of a connection of its own.
            sleep: Waits before a request is sent again.
        """
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = http or httpx.Client(base_url=url, timeout=TIMEOUT)
        self._headers, self._person, self._sleep = headers, person, sleep

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def projects(self) -> list[Project]:
        """All projects."""
        return [Project.of(told) for told in self._get("/projects")]

    def images(self, project: int) -> list[Image]:
        """The images of a project, by path."""
        return [Image.of(told) for told in self._get(f"/projects/{project}/images")]

    def upload(self, project: int, file: Path, target: str | None = None) -> Image:
        """Add an image to a project; one that it has already is left as it is.

        Args:
            project: Its id.
            file: A picture or volume in one file.
            target: What is to be segmented in it, besides the project's other targets.

        Raises:
            RefusedError: If it is too large, or no image that can be read.
        """
        return Image.of(self._upload("images", project, file, _Blocks(file), target))

    def upload_series(self, project: int, source: Path, target: str | None = None) -> Series:
        """Add the DICOM series of a folder or archive to a project, one image each.

        Args:
            project: Its id.
            source: A folder with the files, also further down, or a ZIP or TAR file with them.
            target: As in ``upload``.

        Returns:
            The images, those that the project had already among them, and what cannot be used.

        Raises:
            AssentError: If the folder holds no file.
            RefusedError: If it is too large, or holds no series that can be used.
        """
        body = _Tar(source) if source.is_dir() else _Blocks(source)
        return Series.of(self._upload("series", project, source, body, target))

    def remove_image(self, image: int) -> None:
        """Remove an image that was uploaded, while nobody worked on it.

        Raises:
            RefusedError: If somebody did, or it lies in the project's folder.
        """
        self._send("DELETE", f"/images/{image}")

    def tasks(self, project: int, target: str) -> list[Task]:
        """All tasks of a target, the next one first."""
        told = self._get(f"/projects/{project}/tasks", target=target)
        return [Task.of(each) for each in told["tasks"]]

    def open(
        self, image: int, target: str, *, use_profile: bool = True, new: bool = False
    ) -> Proposal:
        """Open an image, or go on with it.

        Args:
            image: Its id.
            target: What is to be segmented.
            use_profile: Whether a new session begins with this person's profile.
            new: Begin again, whatever was done before.

        Raises:
            RefusedError: If the server refuses.
        """
        body = {"image": image, "target": target, "person": self._person}
        return self._post("/sessions", {**body, "use_profile": use_profile, "new": new})

    def see(self, session: int, page: int = 0) -> Proposal:
        """What a session shows; further pages hold more alternatives."""
        return Proposal.of(self._get(f"/sessions/{session}", page=page))

    def answer(self, session: int, feedback: Feedback) -> Proposal:
        """Give an answer to the round that it names; when this returns, it is stored.

        Raises:
            RefusedError: If it does not fit; with ``current`` where another round is shown.
        """
        return self._post(f"/sessions/{session}/feedback", to_json(feedback))

    def accept(self, proposal: Proposal) -> Proposal:
        """Accept the recommendation of a proposal."""
        return self.answer(proposal.session, Accept("recommended", proposal.round))

    def undo(self, proposal: Proposal) -> Proposal:
        """Take the last answer back."""
        return self._post(f"/sessions/{proposal.session}/undo", {"round": proposal.round})

    def redo(self, proposal: Proposal) -> Proposal:
        """Give the answer again that was taken back last."""
        return self._post(f"/sessions/{proposal.session}/redo", {"round": proposal.round})

    def go_to(self, session: int, round_: int) -> Proposal:
        """Undo or redo up to a round."""
        return self._post(f"/sessions/{session}/go-to", {"round": round_})

    def reopen(self, session: int) -> Proposal:
        """Take the acceptance back."""
        return self._post(f"/sessions/{session}/reopen", {})

    def mask(self, proposal: Proposal) -> NDArray[np.bool_]:
        """The whole recommendation of the round that is shown, ``(D, H, W)`` bool."""
        reply = self._send(
            "GET", f"/sessions/{proposal.session}/mask.nii", params={"round": proposal.round}
        )
        voxels = np.frombuffer(reply.content, np.uint8, offset=HEADER_BYTES)
        return voxels.reshape(proposal.image.shape_dhw).astype(np.bool_)

    def export(self, project: int, target: str, out: Path) -> Job:
        """Write the finished masks into a ZIP file.

        Args:
            project: Its id.
            target: What the masks show.
            out: The file.

        Raises:
            RefusedError: If the server refuses.
            AssentError: If the export failed, or the folder of the file does not exist.
        """
        if not out.parent.is_dir():
            raise AssentError(
                f"The folder {out.parent.name!r} for {out.name} does not exist. Make it first."
            )
        told = self._send("POST", f"/projects/{project}/exports", json={"target": target}).json()
        *_, job = self.follow(told["id"])
        if job.state != "done":
            raise AssentError(f"The export is {job.state}: {job.detail}")
        begun = out.with_name(f".{out.name}.part")
        begun.write_bytes(self._send("GET", f"/exports/{job.id}").content)
        begun.replace(out)
        return job

    def follow(self, job: int) -> Iterator[Job]:
        """A job at once and at every change, until it is finished.

        Raises:
            RefusedError: If there is no such job, or the server asks for a token.
            AssentError: If the server cannot be reached.
        """
        address = f"/api/v1/jobs/{job}/events"
        for left in reversed(range(TRIES)):
            try:
                with self._http.stream("GET", address, headers=self._headers) as reply:
                    if not reply.is_success:
                        reply.read()
                        raise _refused(reply)
                    for line in reply.iter_lines():
                        if line.startswith("data: "):
                            yield Job.of(json.loads(line.removeprefix("data: ")))
                return
            except httpx.TransportError as error:
                self._lost(error, left)

    def cancel(self, job: int) -> Job:
        """Ask for the end of a job."""
        return Job.of(self._send("POST", f"/jobs/{job}/cancel").json())

    def _upload(
        self, what: str, project: int, source: Path, body: "_Blocks | _Tar", target: str | None
    ) -> Any:
        query = {"name": source.resolve().name} | ({} if target is None else {"target": target})
        length = {"Content-Length": str(len(body))}
        address = f"/projects/{project}/{what}"
        return self._send("POST", address, params=query, content=body, headers=length).json()

    def _get(self, path: str, **query: Any) -> Any:
        return self._send("GET", path, params=query).json()

    def _post(self, path: str, body: Any) -> Proposal:
        return Proposal.of(self._send("POST", path, json=body).json())

    def _send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        headers = {**self._headers, **(headers or {})}
        for left in reversed(range(TRIES)):
            try:
                reply = self._http.request(method, f"/api/v1{path}", headers=headers, **more)
            except httpx.TransportError as error:
                self._lost(error, left)
                continue
            if reply.status_code == 503 and "retry-after" in reply.headers and left:
                self._sleep(float(reply.headers["retry-after"]))
                continue
            break
        if reply.is_success:
            # The first reply says which database is meant; each request after it does.
            if named := reply.headers.get(STORE):
                self._headers.setdefault(STORE, named)
            return reply
        raise _refused(reply)

    def _lost(self, error: httpx.TransportError, left: int) -> None:
        """Wait for the server, or give up where no tries are left."""
        if not left:
            raise AssentError(
                "The server cannot be reached. Start it, or name its address; what was"
                " acknowledged is stored."
            ) from error
        self._sleep(WAIT_S)


def _refused(reply: httpx.Response) -> RefusedError:
    is_problem = reply.headers.get("content-type") == "application/problem+json"
    return RefusedError(reply.json() if is_problem else {"status": reply.status_code})


class _Blocks:
    """The bytes of a file, from its beginning as often as they are asked for."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __len__(self) -> int:
        return self._file.stat().st_size

    def __iter__(self) -> Iterator[bytes]:
        with self._file.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block


class _Tar:
    """A TAR file of what lies in a folder, made while it is sent."""

    def __init__(self, folder: Path) -> None:
        self._files = sorted(path for path in folder.rglob("*") if path.is_file())
        if not self._files:
            raise AssentError(f"The folder {folder.name!r} holds no file. Name that of a series.")

    def __len__(self) -> int:
        return sum(map(len, self._parts())) + len(_END)

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts():
            yield from part
        yield _END

    def _parts(self) -> Iterator["_Part"]:
        return map(_Part, self._files)


class _Part:
    """One file of a TAR file."""

    def __init__(self, file: Path) -> None:
        self._blocks = _Blocks(file)
        about = tarfile.TarInfo(file.name)
        about.size = len(self._blocks)
        self._head = about.tobuf(tarfile.GNU_FORMAT)
        self._fill = bytes(-about.size % tarfile.BLOCKSIZE)

    def __len__(self) -> int:
        return len(self._head) + len(self._blocks) + len(self._fill)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        yield from self._blocks
        yield self._fill
