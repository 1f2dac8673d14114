"""Everything the annotation server does, joined: projects, sessions, learning, jobs."""

from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from assent.core.errors import AssentError, InputError
from assent.core.feedback import Accept
from assent.datasets.layout import PLAIN_TARGET
from assent.services.acceptance import confirm
from assent.services.ahead import Ahead
from assent.services.annotate import Annotate
from assent.services.backstage import Backstage
from assent.services.export import export_zip
from assent.services.homes import uploads_at
from assent.services.jobs import Jobs, Run
from assent.services.learning import Learning
from assent.services.originals import Originals, inside
from assent.services.propagation import Rest, propagate
from assent.services.reach import OwnJobs, Reach
from assent.services.scan import Problem, open_project, scan
from assent.services.stamps import Stamps
from assent.services.uploads import AS_SENT, Rules, Uploads
from assent.services.worker import Computes
from assent.sessions.kinds import kinds_of
from assent.storage.records import Job, Project, StoredImage, StoredSession, StoredTask, TaskState
from assent.storage.store import Store

STATES: tuple[TaskState, ...] = ("open", "accepted", "skipped")
CLOCK_S = 2.0
"""How far the times of a file and of a row in the database may lie apart."""

NOT_SCANNED = Problem(
    "", "The folder was not looked through yet since the server started; what is known is shown."
)


@dataclass(frozen=True)
class Effort:
    """What one finished image took.

    Attributes:
        task: Which task.
        image: Which image.
        session: In which session it was accepted; None where nobody answered.
        answers: How many were given, the acceptance left out.
        actions: How many of which kind.
        seconds: From opening to acceptance; None without a session.
        accepted_at: When.
    """

    task: int
    image: StoredImage
    session: int | None
    answers: int
    actions: dict[str, int]
    seconds: float | None
    accepted_at: datetime


class Workspace:
    """One folder that is served, with all that is kept of the work on it."""

    def __init__(
        self,
        store: Store,
        worker: Computes,
        *,
        method: str,
        folder: Path,
        exports: Path,
        seed: int = 0,
        sending: Rules = AS_SENT,
    ) -> None:
        """Begin.

        Args:
            store: Where everything is kept.
            worker: Computes.
            method: Name of the method that it computes with.
            folder: What is served; projects lie in it.
            exports: Folder for finished exports; images that are sent lie beside it. In both of
                them each database has a folder of its own, for their numbers are the same.
            seed: Of every random draw.
            sending: What holds for every file that is sent.
        """
        self.reach = Reach(store, folder)
        self._own = OwnJobs(store, self.reach)
        store = replace(store, jobs=self._own)
        self.store, self.worker, self.folder = store, worker, folder
        self._method, self._exports = method, exports / store.id
        sent = uploads_at(exports.parent, store.id)
        self.originals = Originals(sent, served=folder)
        self.annotate = Annotate(
            store, worker, self.originals, seed=seed, accepted=self._after_acceptance
        )
        self.learning = Learning(store, worker, self.annotate)
        self.backstage = Backstage()
        self.ahead = Ahead(store, worker, self.annotate, self.backstage, self.learning.refresh)
        self.uploads = Uploads(
            store,
            sent,
            most_bytes=sending.most_bytes,
            decode=sending.decode(),
            added=self.ahead.after_upload,
        )
        self._stamps = Stamps(exports.parent / "scanned")
        self._problems: dict[int, list[Problem]] = {}
        self._wanted: dict[int, str] = {}  # targets of projects in the order in which they opened
        self._scans: set[int] = set()  # projects whose scan was begun here
        kinds = {"scan": self._scan, "export": self._export, "propagate": self._propagate}
        self.jobs = Jobs(store, kinds)

    @property
    def method(self) -> str:
        """Name of the method, known before it is ready."""
        return self._method

    def warm_up(self) -> None:
        """Go on with the jobs that were left, and look through every folder that is known.

        What was not learned yet is learned, and the first images are prepared, behind the scenes.
        """
        self.jobs.resume()
        begun = self._scans | self._own.scanned
        for project in self.projects():
            if project.id not in begun:
                self.rescan(project.id)
        self.backstage.later(self.learning.catch_up)
        for project in self.projects():
            for target in self.store.projects.targets(project.id):
                self.ahead.prepare(project.id, target)

    def close(self) -> None:
        """Stop what runs; what is stored stays."""
        self.jobs.close()
        # First: what is done behind the scenes asks for one computation after the other.
        self.worker.close()
        self.backstage.close()
        self.store.close()

    def projects(self) -> list[Project]:
        """Those in the served folder: first what was opened here, in that order, then by age."""
        order = list(self._wanted)
        return sorted(
            self.reach.projects(),
            key=lambda p: (order.index(p.id) if p.id in self._wanted else len(order), p.id),
        )

    def open_folder(
        self, path: str = "", name: str | None = None, target: str = PLAIN_TARGET
    ) -> Project:
        """The project of a folder below the one that is served; a new one is scanned.

        Raises:
            ForbiddenError: If the path leads out of the served folder, or to no folder.
            InputError: If the name is taken, or the target is empty.
        """
        check_word("target", target)
        if name is not None:
            check_word("name", name)
        project, is_new = open_project(self.store, inside(self.folder, path), name)
        self._wanted.setdefault(project.id, target)
        if is_new:
            self.rescan(project.id, target)
        return project

    def rescan(self, project_id: int, target: str | None = None) -> Job:
        """Look for new and changed images, as a job.

        Raises:
            NotFoundError: If there is no such project.
        """
        self.store.projects.get(project_id)
        wanted = self._wanted.get(project_id, PLAIN_TARGET)
        into = target or next(iter(self.store.projects.targets(project_id)), wanted)
        self._scans.add(project_id)
        return self.jobs.start("scan", {"project_id": project_id, "target": into})

    def problems(self, project_id: int) -> list[Problem]:
        """What the last scan could not read or passed over, or that there was none yet.

        A problem without a path is one of the whole folder.

        Raises:
            NotFoundError: If there is no such project.
        """
        self.store.projects.get(project_id)
        return self._problems.get(project_id, [NOT_SCANNED])

    def add_target(self, project_id: int, target: str) -> None:
        """Put all images of a project into the queue of a target.

        Raises:
            NotFoundError: If there is no such project.
            InputError: If the target is empty or not printable.
        """
        check_word("target", target)
        self.store.projects.get(project_id)
        ids = [image.id for image in self.store.projects.images(project_id)]
        self.store.projects.add_tasks(ids, target)

    def queue(self, project_id: int, target: str) -> list[tuple[StoredTask, StoredImage]]:
        """All tasks of a target: open ones in their order, then accepted, then skipped.

        Raises:
            NotFoundError: If there is no such project.
        """
        self.store.projects.get(project_id)
        images = {image.id: image for image in self.store.projects.images(project_id)}
        return [
            (task, images[task.image_id])
            for state in STATES
            for task in self.store.projects.queue(project_id, target, state=state)
            if task.image_id in images
        ]

    def next(self, project_id: int, target: str, after: int | None) -> StoredTask | None:
        """The next open task, ``after`` passed over; None when none is open.

        Raises:
            NotFoundError: If there is no such project.
        """
        self.store.projects.get(project_id)
        listed = self.store.projects.queue(project_id, target, limit=2)
        found = next((task for task in listed if task.id != after), None)
        return found

    def effort(self, project_id: int, target: str) -> list[Effort]:
        """What each finished image took, oldest first.

        Raises:
            NotFoundError: If there is no such project.
        """
        done = []
        for task, image in self.queue(project_id, target):
            mask = self.store.masks.holding(task.id) if task.state == "accepted" else None
            if mask is None:
                continue
            if mask.session_id is None:
                done.append(Effort(task.id, image, None, 0, {}, None, mask.made_at))
                continue
            session = self.store.sessions.get(mask.session_id)
            answers = [a for a in session.history if not isinstance(a, Accept)]
            actions = Counter[str](kind for answer in answers for kind in kinds_of(answer))
            seconds = (mask.made_at - session.opened_at).total_seconds()
            done.append(
                Effort(
                    task.id, image, session.id, len(answers), dict(actions), seconds, mask.made_at
                )
            )
        return sorted(done, key=lambda effort: effort.accepted_at)

    def confirm(self, task_id: int, person: str) -> None:
        """Let a person vouch for a mask that a rule accepted; it informs the next images then.

        Raises:
            ChangedError: If the image is not what it was.
            AssentError: As ``acceptance.confirm``.
        """
        task = self.store.projects.task(task_id)
        self.originals.check(self.annotate.original(self.store.projects.image(task.image_id)))
        if confirm(self.store, task_id, person):
            self.ahead.after_acceptance(task_id, person)

    def export(self, project_id: int, target: str) -> Job:
        """Write the finished masks of a target into a ZIP file, as a job.

        Raises:
            NotFoundError: If there is no such project.
        """
        self.store.projects.get(project_id)
        return self.jobs.start("export", {"project_id": project_id, "target": target})

    def exported(self, job_id: int) -> Path:
        """The file of a finished export.

        Raises:
            NotFoundError: If there is no such job.
            InputError: If it is no finished export, or its file is gone.
        """
        job = self.jobs.get(job_id)
        if job.kind != "export" or job.state != "done":
            raise InputError(
                f"Job {job_id} has no file: it is of kind {job.kind!r} and {job.state}. Start an"
                " export, and fetch its file when it is done."
            )
        file = self._export_file(job_id)
        earlier = self._exports.parent / file.name
        if file.is_file():
            return file
        if _was_made_by(job, earlier):
            return earlier
        raise InputError(
            f"The file of export {job_id} is not here: it was deleted, or lies at another server,"
            " which made it. Fetch it there, or export again."
        )

    def propagate(self, rest: Rest) -> Job:
        """Predict what is left of a queue, as a job.

        Raises:
            NotFoundError: If there is no such project.
        """
        self.store.projects.get(rest.project_id)
        return self.jobs.start("propagate", asdict(rest))

    def _scan(self, run: Run) -> str:
        project_id, target = run.arguments["project_id"], run.arguments["target"]
        project = self.store.projects.get(project_id)
        known = {image.id for image in self.store.projects.images(project_id)}
        places = self.store, self.originals, project, target
        try:
            problems = scan(*places, run.tell, run.step, self._stamps)
        except AssentError as error:
            self._problems[project_id] = [Problem("", str(error))]
            raise
        self._problems[project_id] = problems
        images = self.store.projects.images(project_id)
        if {image.id for image in images} != known:
            self.ahead.prepare(project_id, target)
        unread = sum(problem.path[-1:] not in {"", "/"} for problem in problems)
        files = "file" if unread == 1 else "files"
        left = f" {unread} {files} could not be read." if unread else ""
        return f"{len(images)} image{'' if len(images) == 1 else 's'}.{left}"

    def _export(self, run: Run) -> str:
        project_id, target = run.arguments["project_id"], run.arguments["target"]
        file = self._export_file(run.job_id)
        return export_zip(
            self.store, self.originals, project_id, target, file, run.tell, run.step
        ).sentence

    def _propagate(self, run: Run) -> str:
        rest = Rest(**run.arguments)
        return propagate(self.store, self.worker, self.annotate, rest, run.tell, run.step)

    def _export_file(self, job_id: int) -> Path:
        return self._exports / f"export-{job_id}.zip"

    def _after_acceptance(self, session: StoredSession) -> None:
        self.ahead.after_acceptance(session.task_id, session.person)


def _was_made_by(job: Job, file: Path) -> bool:
    """Whether a job wrote a file of the time in which several databases wrote to one folder.

    Their jobs have the same numbers, so that only the time tells them apart.
    """
    try:
        made_at = file.stat().st_mtime
    except OSError:
        return False
    begun, ended = job.created_at.timestamp(), job.changed_at.timestamp()
    return begun - CLOCK_S <= made_at <= ended + CLOCK_S


def check_word(what: str, word: str) -> None:
    """Refuse a name that nobody could read.

    Raises:
        InputError: If it is empty, too long or not printable.
    """
    if not word.strip() or len(word) > 200 or not word.isprintable():
        raise InputError(
            f"The {what} must have 1 to 200 characters that can be printed; got {word[:40]!r}."
        )
