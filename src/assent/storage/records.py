"""The values that go into storage and come out of it: frozen, and free of SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from assent.core.feedback import Accept, Feedback

Shape = tuple[int, int, int]
TaskState = Literal["open", "accepted", "skipped"]
JobState = Literal["waiting", "running", "done", "failed", "cancelled"]
Origin = Literal["person", "rule", "import"]
AuditKind = Literal["accepted", "accepted by rule", "reopened", "added"]


@dataclass(frozen=True, kw_only=True)
class Project:
    """A folder of images that somebody works on; ``root`` is where the originals lie."""

    id: int
    name: str
    root: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class FoundImage:
    """An image as it was found on disk.

    Attributes:
        path: From the project's root, with forward slashes.
        digest: ``Image.content_id``.
        shape_dhw: Number of voxels along z, y, x.
        kind: What kind of file it is, as in "png" or "dicom-series".
    """

    path: str
    digest: str
    shape_dhw: Shape
    kind: str


@dataclass(frozen=True, kw_only=True)
class StoredImage(FoundImage):
    """An image that is known.

    Attributes:
        is_current: Whether it is listed: its path holds this content, and it was not removed.
    """

    id: int
    project_id: int
    is_current: bool


@dataclass(frozen=True, kw_only=True)
class StoredTask:
    """One target to be segmented in one image.

    Attributes:
        target: What is to be segmented, as in "nucleus".
        predicted_dice: In [0, 1]; None before a method has looked.
        queue_order: Lowest comes first.
    """

    id: int
    image_id: int
    target: str
    state: TaskState
    predicted_dice: float | None
    queue_order: float


@dataclass(frozen=True, kw_only=True)
class SessionStart:
    """What a session begins with; together with its answers it can be done again.

    Attributes:
        task_id: Image and target.
        person: Who answers.
        method: Name of the method.
        weights_digest: "" without weights.
        settings_digest: Of the method's resolved settings.
        seed: Of every random draw; fits into 64 bits.
        context_ids: Ids of the context entries, in order.
        prior: The person's profile, or None.
    """

    task_id: int
    person: str
    method: str
    weights_digest: str
    settings_digest: str
    seed: int
    context_ids: tuple[int, ...] = ()
    prior: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class StoredSession(SessionStart):
    """A session and its answers.

    Attributes:
        image_digest: ``Image.content_id`` of the task's image.
        history: Answers that hold, oldest first.
        undone: Answers taken back that can be brought again, next first.
    """

    id: int
    image_digest: str
    opened_at: datetime
    history: tuple[Feedback, ...]
    undone: tuple[Feedback, ...]

    @property
    def round(self) -> int:
        """How many answers hold."""
        return len(self.history)

    @property
    def is_accepted(self) -> bool:
        """Whether the last answer that holds is an acceptance."""
        return bool(self.history) and isinstance(self.history[-1], Accept)


@dataclass(frozen=True, kw_only=True)
class StoredAnswer:
    """An answer that is on disk."""

    session_id: int
    round: int
    answer: Feedback
    given_at: datetime


@dataclass(frozen=True, kw_only=True)
class RuleAcceptance:
    """On what grounds a rule accepts a mask that nobody looked at.

    Attributes:
        person: For whom the mask was predicted.
        method: Name of the method.
        weights_digest: "" without weights.
        settings_digest: Of the method's resolved settings.
        predicted_dice: Of the mask, in [0, 1].
        threshold: From which predicted Dice on masks are accepted.
        risk: Share of all images that may be accepted and bad, in (0, 1).
    """

    person: str
    method: str
    weights_digest: str
    settings_digest: str
    predicted_dice: float
    threshold: float
    risk: float


@dataclass(frozen=True, kw_only=True)
class StoredMask:
    """A mask that a person or a rule accepted, or that a person brought along.

    Attributes:
        session_id: Where it was accepted; None when it came from elsewhere.
        round: Of the acceptance.
        blob: Key of its voxels.
        origin: Whether a person accepted it, a rule did, or it was brought along.
        person: Who accepted or brought it; where a rule accepted it, for whom it was predicted,
            "" if that is not known.
        method: Which method proposed it; "" for none, or if that is not known.
        weights_digest: Of that method; "" without weights.
        settings_digest: Of that method's resolved settings.
        predicted_dice: What a rule went by, also after a person confirmed the mask.
        threshold: From which predicted Dice on the rule accepted; None without a rule.
        risk: What the rule keeps; None without a rule.
        withdrawn_at: When the acceptance was taken back or another mask took its place; None
            while it holds.
    """

    id: int
    task_id: int
    session_id: int | None
    round: int | None
    blob: str
    origin: Origin
    person: str
    method: str
    weights_digest: str
    settings_digest: str
    predicted_dice: float | None
    threshold: float | None
    risk: float | None
    made_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class StoredExample:
    """A finished image that informs the next ones; a removed one stays for sessions begun with it.

    Attributes:
        id: Of the context entry.
        image: What was segmented.
        target: What the mask shows.
        mask_id: Which mask.
        blob: Key of the mask's voxels.
        removed_at: None while it informs new sessions.
    """

    id: int
    image: StoredImage
    target: str
    mask_id: int
    blob: str
    removed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class StoredProfile:
    """How a person draws, as one method with one set of weights understands it."""

    person: str
    method: str
    weights_digest: str
    numbers: Mapping[str, Any] = field(repr=False)
    saved_at: datetime


@dataclass(frozen=True, kw_only=True)
class Job:
    """Long work: what it is, for which images, how far it is, and one sentence for people.

    Attributes:
        project_id: Of which folder; None where that does not matter.
        target: Of which target; None where that does not matter.
    """

    id: int
    kind: str
    project_id: int | None
    target: str | None
    state: JobState
    progress: float
    detail: str
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, kw_only=True)
class UnfinishedJob:
    """Long work that is still to be done, or to be gone on with.

    Attributes:
        job: What people see of it.
        arguments: What was asked for, as JSON.
        is_cancelled: Whether its end was asked for.
        attempts: How often it was begun since it last finished a step.
    """

    job: Job
    arguments: Mapping[str, Any]
    is_cancelled: bool
    attempts: int


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """Who accepted, reopened or brought which mask, and how that mask was made.

    The fields that are not said here are those of the mask.
    """

    id: int
    at: datetime
    person: str
    event: AuditKind
    image_digest: str
    target: str
    session_id: int | None
    blob: str
    method: str
    weights_digest: str
    settings_digest: str
    predicted_dice: float | None
    threshold: float | None
    risk: float | None
