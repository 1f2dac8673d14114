"""What of all that is kept belongs to the served folder: nothing else is shown or changed."""

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from assent.core.errors import NotFoundError
from assent.storage.jobs import Jobs
from assent.storage.records import Job, Project, UnfinishedJob
from assent.storage.store import Store

LONGEST_ID = 18
"""Digits of an id that every database can look for."""


class Reach:
    """Tells projects that lie in one folder, with all that belongs to them, from others."""

    def __init__(self, store: Store, folder: Path) -> None:
        """Begin.

        Args:
            store: Where everything is kept, of this folder and perhaps of others.
            folder: The one that is served.
        """
        self._store, self._top = store, folder.resolve()
        self._has: dict[int, bool] = {}
        # A row never moves from one project to another.
        self._projects: dict[tuple[str, int], int] = {}

    def projects(self) -> list[Project]:
        """Those that lie in the folder, oldest first."""
        return [project for project in self._store.projects.all() if self._is_inside(project)]

    def has(self, project_id: int) -> bool:
        """Whether a project lies in the folder.

        Raises:
            NotFoundError: If there is no such project.
        """
        if project_id not in self._has:
            self._has[project_id] = self._is_inside(self._store.projects.get(project_id))
        return self._has[project_id]

    def has_all(self) -> bool:
        """Whether all that is kept belongs to the folder."""
        return all(map(self._is_inside, self._store.projects.all()))

    def check(self, named: Mapping[str, str]) -> None:
        """Refuse what belongs to another folder; what does not exist at all is not decided here.

        Args:
            named: Ids by what they are of, as in the address of a request.

        Raises:
            NotFoundError: If one of them belongs to another folder.
        """
        for kind, text in named.items():
            if kind in self._kinds and text.isdecimal() and len(text) <= LONGEST_ID:
                try:
                    is_ours = self.has(self._project_of(kind, int(text)))
                except NotFoundError:
                    continue
                if not is_ours:
                    raise NotFoundError(kind, text, known=())

    def _project_of(self, kind: str, id_: int) -> int:
        if (kind, id_) not in self._projects:
            self._projects[kind, id_] = self._kinds[kind](self, id_)
        return self._projects[kind, id_]

    def _of_image(self, id_: int) -> int:
        return self._store.projects.image(id_).project_id

    def _of_task(self, id_: int) -> int:
        return self._of_image(self._store.projects.task(id_).image_id)

    def _of_session(self, id_: int) -> int:
        return self._of_task(self._store.sessions.get(id_).task_id)

    def _of_entry(self, id_: int) -> int:
        return self._store.masks.examples([id_])[0].image.project_id

    def _is_inside(self, project: Project) -> bool:
        return Path(project.root).is_relative_to(self._top)

    _kinds: Mapping[str, Callable[["Reach", int], int]] = {
        "project": lambda _, id_: id_,
        "image": _of_image,
        "task": _of_task,
        "session": _of_session,
        "entry": _of_entry,
    }


class OwnJobs(Jobs):
    """Long work on the folder that is served; what waits for another folder goes on waiting.

    Of finished work only the arguments say whose it was, and these are not kept apart. So where the
    database serves other folders too, what earlier servers finished is not listed.
    """

    def __init__(self, store: Store, reach: Reach) -> None:
        super().__init__(store.database)
        self._reach, self._own = reach, set[int]()
        self.scanned = set[int]()  # projects whose scan was left, and goes on

    def add(self, kind: str, arguments: Mapping[str, Any], **more: Any) -> Job:
        """As in ``Jobs``."""
        job = super().add(kind, arguments, **more)
        self._own.add(job.id)
        return job

    def take(self, owner: str, gone: Collection[str] = ()) -> tuple[UnfinishedJob, ...]:
        """As in ``Jobs``, of this folder; the others are held until this server releases them."""
        return self._ours(super().take(owner, gone))

    def get(self, job_id: int) -> Job:
        """As in ``Jobs``, of this folder."""
        job = super().get(job_id)
        if job_id not in self._own and not self._reach.has_all():
            raise NotFoundError("job", str(job_id), known=())
        return job

    def all(self) -> tuple[Job, ...]:
        """As in ``Jobs``, of this folder."""
        jobs = super().all()
        return jobs if self._reach.has_all() else tuple(job for job in jobs if job.id in self._own)

    def _ours(self, found: Iterable[UnfinishedJob]) -> tuple[UnfinishedJob, ...]:
        ours = tuple(left for left in found if self._is_ours(left.arguments))
        self._own.update(left.job.id for left in ours)
        self.scanned.update(u.arguments["project_id"] for u in ours if u.job.kind == "scan")
        return ours

    def _is_ours(self, arguments: Mapping[str, Any]) -> bool:
        try:
            return self._reach.has(arguments["project_id"])
        except (LookupError, NotFoundError):
            return self._reach.has_all()
