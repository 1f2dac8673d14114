"""The types on the wire; ``docs/reference/rest.md`` says what they mean."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Whole = Annotated[int, Field(ge=0, le=2**31)]
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
Position = tuple[Whole, Whole, Whole]
State = Literal["open", "accepted", "skipped"]
AcceptedBy = Literal["person", "rule"]
Origin = Literal["person", "rule", "import"]


class Wire(BaseModel):
    """What all types share: no number that JSON does not know, no field that means nothing."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Rle(Wire):
    """Lengths of alternating runs in row order, background first."""

    shape: list[Whole]
    runs: list[Whole]


class Project(Wire):
    """A folder of images."""

    id: int
    name: str
    targets: list[str]
    images: int
    created_at: datetime


class Image(Wire):
    """An image as it was scanned."""

    id: int
    project: int
    path: str
    name: str
    kind: str
    shape: list[int]
    is_volume: bool
    digest: str


class Window(Wire):
    """Which intensities are spread from black to white."""

    center: float
    width: float


class ImageDetail(Image):
    """What only its file tells."""

    channels: int
    modality: str
    orientation: str
    spacing_mm: list[float] | None
    is_calibrated: bool
    low: float
    high: float
    window: Window
    file_window: Window | None


class FileProblem(Wire):
    """A file that could not be read, and the image in the queues that cannot be opened for it."""

    path: str
    detail: str
    image: int | None


class MadeWith(Wire):
    """How a mask was made; the numbers are told where a rule accepted it."""

    method: str
    weights_digest: str
    settings_digest: str
    predicted_dice: float | None
    threshold: float | None
    risk: float | None


class HeldMask(MadeWith):
    """Who or what let the mask of a task hold, and how it was made."""

    origin: Origin
    person: str
    accepted_at: datetime


class Series(Wire):
    """What came of an archive with DICOM series."""

    images: list[Image]
    problems: list[FileProblem]


class Task(Wire):
    """One target in one image."""

    id: int
    image: Image
    target: str
    state: State
    predicted_dice: float | None
    is_prefetched: bool
    accepted_by: AcceptedBy | None
    mask: HeldMask | None


class Counts(Wire):
    """Tasks by state."""

    open: int = 0
    accepted: int = 0
    skipped: int = 0


class Queue(Wire):
    """All tasks of a target."""

    target: str
    counts: Counts
    tasks: list[Task]


class Effort(Wire):
    """What one finished image took."""

    task: int
    image: int
    name: str
    session: int | None
    answers: int
    actions: dict[str, int]
    seconds: float | None
    accepted_at: datetime


class Progress(Wire):
    """Effort, oldest first."""

    target: str
    counts: Counts
    effort: list[Effort]


class ContextEntry(Wire):
    """A finished image that informs the next ones."""

    id: int
    image: Image
    target: str


class Recommendation(Wire):
    """The recommended mask on one slice, and its size."""

    slice: int
    rle: Rle
    slices: list[int]
    voxels: int
    area_mm2: float | None
    volume_ml: float | None


class Crop(Wire):
    """A part of a slice."""

    y: int
    x: int
    height: int
    width: int


class Alternative(Wire):
    """How an alternative differs from the recommendation on one slice."""

    index: int
    tag: str
    slice: int
    crop: Crop
    added: Rle
    removed: Rle
    voxels: int
    predicted_dice: float
    dice: float


class Uncertainty(Wire):
    """Where the map lies, and its mean over the slice, in bits."""

    url: str
    mean: float


class MaskSlice(Wire):
    """One slice of the recommendation."""

    slice: int
    rle: Rle


class ClickIn(Wire):
    """One voxel inside or outside."""

    kind: Literal["click"]
    at_zyx: Position
    positive: bool = True


class ScribbleIn(Wire):
    """Voxels inside or outside."""

    kind: Literal["scribble"]
    points_zyx: Annotated[list[Position], Field(min_length=1, max_length=100_000)]
    positive: bool = True


class BoxIn(Wire):
    """A box; ``high_zyx`` is the first index beyond."""

    kind: Literal["box"]
    low_zyx: Position
    high_zyx: Position


Prompt = Annotated[ClickIn | ScribbleIn | BoxIn, Field(discriminator="kind")]


class PickIn(Wire):
    """The best alternative, or none of them."""

    kind: Literal["pick"]
    round: Whole
    candidate: Whole | None
    page: Whole = 0


class JudgeIn(Wire):
    """Whether the challenger is better than the recommendation."""

    kind: Literal["judge"]
    round: Whole
    answer: Literal["better", "worse", "cannot_tell"]
    page: Whole = 0


class CorrectIn(Wire):
    """New prompts, and earlier ones taken back."""

    kind: Literal["correct"]
    round: Whole
    prompts: Annotated[list[Prompt], Field(max_length=1000)] = []
    removed: Annotated[list[Whole], Field(max_length=10_000)] = []


class Acceptance(Wire):
    """What is accepted."""

    round: Whole
    choice: Literal["recommended", "edited"] | Whole = "recommended"
    page: Whole = 0
    edited: Rle | None = None


class AcceptIn(Acceptance):
    """The work on this image is done."""

    kind: Literal["accept"]


Answer = Annotated[PickIn | JudgeIn | CorrectIn | AcceptIn, Field(discriminator="kind")]


class LogEntry(Wire):
    """One answer as it was given, and whether it holds; without a mask painted by hand."""

    round: int
    answer: Answer
    holds: bool


class Proposal(Wire):
    """All that a page shows of a session."""

    store: str
    session: int
    task: int
    image: Image
    target: str
    person: str
    method: str
    listens: list[str]
    round: int
    rounds: int
    page: int
    is_accepted: bool
    is_empty: bool
    slice: int
    recommendation: Recommendation
    predicted_dice: float
    alternatives: list[Alternative]
    challenger: int | None
    uncertainty: Uncertainty
    context: int
    profile: str
    log: list[LogEntry]


class Round(Wire):
    """A round."""

    round: Whole


class NewProject(Wire):
    """A folder below the served one."""

    folder: Annotated[str, Field(max_length=4096)] = ""
    name: Word | None = None
    target: Word = "object"


class Target(Wire):
    """What is to be segmented."""

    target: Word


class NewSession(Wire):
    """Whose work on what."""

    image: Id
    target: Word
    person: Word = "me"
    method: Word | None = None
    use_profile: bool = True
    new: bool = False


class NewPropagation(Wire):
    """What is predicted, for whom, at which risk."""

    target: Word
    person: Word = "me"
    risk: Annotated[float, Field(ge=0.0001, lt=1)] | None = None


class Person(Wire):
    """Who decides."""

    person: Word = "me"


class Reader(Wire):
    """Another person's mask, compared with the one that holds."""

    person: str
    accepted_at: datetime
    dice: float
    voxels: int
    difference: float | None


class Readers(Wire):
    """How far other readers agree with the mask that holds."""

    image: int
    target: str
    person: str | None
    accepted_by: AcceptedBy | None
    voxels: int | None
    readers: list[Reader]
    median_difference: float | None


class Profile(Wire):
    """How a person draws."""

    person: str
    method: str
    says: str
    images: int
    numbers: dict[str, Any] | None
    saved_at: datetime | None


class JobResult(Wire):
    """What a finished job made, and where it is fetched."""

    href: str


class Job(Wire):
    """Long work, on the images of a project for one target."""

    id: int
    kind: str
    project: int | None
    target: str | None
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    progress: float
    detail: str
    created_at: datetime
    changed_at: datetime
    result: JobResult | None


class AuditEvent(MadeWith):
    """Who accepted, reopened or brought which mask of an image, and how that mask was made.

    ``blob`` is the SHA-256 digest of the mask as it is stored; predicted Dice, threshold and risk
    are told of masks that were accepted by rule.
    """

    at: datetime
    event: Literal["accepted", "accepted by rule", "reopened", "added"]
    person: str
    target: str
    session: int | None
    blob: str


class Method(Wire):
    """What a method can do."""

    name: str
    feedback: list[str]
    volumes: bool
    colour: bool
    context: bool
    profile: bool
    needs_first_prompt: bool
    trainable: bool
    weights: str
    missing: str


class Health(Wire):
    """Whether the server works."""

    status: Literal["ok"]
    version: str
    method: str
    worker: Literal["ready", "starting", "stopped"]


class Login(Wire):
    """The token that was configured."""

    token: Annotated[str, Field(max_length=1000)]


class Problem(BaseModel):
    """An error after RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    current: Proposal | None = None
    errors: list[dict[str, Any]] | None = None
