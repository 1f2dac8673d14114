"""What is computed before anybody asks for it: the next images of a queue, and their order."""

from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from math import prod
from threading import Lock

from assent.core.errors import AssentError, WorkerError
from assent.services.annotate import Annotate
from assent.services.backstage import Backstage
from assent.services.worker import Computes
from assent.storage.records import StoredImage, StoredTask
from assent.storage.store import Store

AHEAD = 2
"""Images that are prepared before anybody opens them."""

LOOKS = 4
"""Images that are looked at for the first time after each acceptance, to put the queue in order:
so many as are computed while a person looks at the next one."""

LOOKED_VOXELS = 6e6
"""And no more than these together: a large volume takes seconds."""

ANYBODY = "me"
"""For whom images are prepared before anybody answered."""


Target = tuple[int, str]
"""A project and what is wanted in its images."""

Ready = tuple[str, int]
"""Digest of an image that is prepared, and the start of the process that holds it."""


class Ahead:
    """Prepares images behind the scenes; the requests of people go first."""

    def __init__(
        self,
        store: Store,
        worker: Computes,
        annotate: Annotate,
        backstage: Backstage,
        learn: Callable[[str], None],
    ) -> None:
        """Begin.

        Args:
            store: Where everything is kept.
            worker: Computes.
            annotate: Says how a session begins.
            backstage: Does it.
            learn: Learns a person's profile again; done first after an acceptance.
        """
        self._store, self._worker, self._annotate = store, worker, annotate
        self._backstage, self._learn = backstage, learn
        self._lock = Lock()
        self._prepared: dict[Target, set[Ready]] = {}
        self._acceptances = Counter[Target]()
        self._sent = deque[int](maxlen=AHEAD)
        self._given_up: set[str] = set()

    def is_prepared(self, image: StoredImage, target: str) -> bool:
        """Whether an image opens at once."""
        now = (image.digest, self._worker.starts)
        return now in self._prepared.get((image.project_id, target), set())

    def prepare(self, project_id: int, target: str) -> None:
        """Let the next images be prepared."""
        self._backstage.later(partial(self._prepare, project_id, target, ANYBODY))

    def after_acceptance(self, task_id: int, person: str) -> None:
        """Prepare anew, and put the queue in order.

        What was prepared begins otherwise now: with one more example, perhaps another profile.
        """
        task = self._store.projects.task(task_id)
        project = self._store.projects.image(task.image_id).project_id
        with self._lock:
            self._acceptances[project, task.target] += 1
            self._prepared.pop((project, task.target), None)
        self._backstage.later(partial(self._renew, project, task.target, person))

    def after_upload(self, image_id: int) -> None:
        """Prepare an image that was sent; of many at once, the last ones."""
        self._sent.append(image_id)
        self._backstage.later(self._prepare_sent)

    def _renew(self, project_id: int, target: str, person: str) -> None:
        # As one piece: what is prepared before a profile changes would begin with the old one.
        known = self._acceptances[project_id, target]
        try:
            self._learn(person)
        finally:
            done = self._prepare(project_id, target, person, known)
            self._order(project_id, target, person, done)
            self._prepare(project_id, target, person, known)

    def _prepare(
        self, project_id: int, target: str, person: str, known: int | None = None
    ) -> set[Ready]:
        """Prepare the front of the queue; returns what is ready, which grows.

        ``known`` is the number of acceptances before: after one more, nothing counts as ready until
        what follows from it was learned.
        """
        done = set[Ready]()
        with self._lock:
            if known in (None, self._acceptances[project_id, target]):
                self._prepared[project_id, target] = done
        looked = set[int]()
        for _ in range(AHEAD + LOOKS):
            front = self._store.projects.queue(project_id, target, limit=AHEAD)
            left = [task for task in front if task.id not in looked]
            if not left:
                break
            looked.add(left[0].id)
            sure = self._look(left[0], person, done)
            # Known better now, it may come later: then another one is in front.
            if left[0].predicted_dice is not None:
                self._rank(left[0], sure)
        return done

    def _prepare_sent(self) -> None:
        while self._sent:
            image = self._store.projects.image(self._sent.popleft())
            for target in self._store.projects.targets(image.project_id):
                task = self._store.projects.task_of(image.id, target)
                if task is not None:
                    done = self._prepared.setdefault((image.project_id, target), set())
                    self._look(task, ANYBODY, done)

    def _order(self, project_id: int, target: str, person: str, done: set[Ready]) -> None:
        """Look at a few images for the first time, and put the least sure in front.

        More finished images make most others surer. So those in front are looked at again at each
        acceptance, in ``_prepare``, and what is known of the rest may be older.
        """
        if not self._annotate.facts.method.context:
            return
        queue = self._store.projects.queue(project_id, target)
        new = [task for task in queue if task.predicted_dice is None][:LOOKS]
        voxels = 0
        for task in new:
            voxels += prod(self._store.projects.image(task.image_id).shape_dhw)
            if voxels > LOOKED_VOXELS:
                break
            self._rank(task, self._look(task, person, done))

    def _rank(self, task: StoredTask, sure: float | None) -> None:
        if sure is not None:
            self._store.projects.rank({task.id: (sure, sure)})

    def _look(self, task: StoredTask, person: str, done: set[Ready]) -> float | None:
        """Prepare an image; returns its predicted Dice, None if there is none to be had."""
        image = self._store.projects.image(task.image_id)
        if image.digest in self._given_up:
            return None
        try:
            work = self._annotate.fresh_work(task, image, person)
            # In two pieces: what the first has done is not lost when the second is broken off.
            self._worker.call("begin", work, is_patient=True)
            sure: float = self._worker.call("prepare", work, is_patient=True)
        except WorkerError:
            # Everybody waited for this one, or for the restart after it: not again and again.
            self._given_up.add(image.digest)
            return None
        except AssentError:
            return None
        done.add((image.digest, self._worker.starts))
        return sure
