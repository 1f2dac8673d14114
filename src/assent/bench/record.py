"""One fact of a benchmark: how good one mask was after how many answers."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from assent.core.errors import InputError

Key = tuple[str, str, str, str]
"""Dataset, case, target, rater: what is played from round 0 to the last."""

NSD_TOLERANCE_MM = 1.0
"""How far two surfaces may be apart and still agree: a pixel, where a picture has no size."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One case, target, rater and round.

    Attributes:
        dataset: Name of the dataset.
        case: Id of the case.
        target: What is segmented.
        rater: Whose view counts; "fused", or "" where a dataset has one mask per target.
        method: Name of the method.
        weights: Digest of its weights; "" without.
        annotator: How the simulated annotator answers.
        round: Answers so far.
        dice: Of the recommendation, in [0, 1].
        hd95_mm: Of the recommendation; None where one mask of the two is empty.
        assd_mm: Average symmetric surface distance, likewise.
        nsd: Normalised surface Dice within ``NSD_TOLERANCE_MM``, in [0, 1]; None in records
            without it, which earlier versions wrote.
        iou: Intersection over union, in [0, 1]; None likewise.
        actions: Answers so far by kind. A click that tells which object is meant counts here,
            but not as a round; an acceptance does likewise.
        seconds_modelled: What these actions would take a person.
        latency_ms: Time from the answer to the next proposal; None where nothing was answered.
        context_size: Finished examples the method could use.
        seed: Of the run.
        error: Why the case could not be played, else "". Such a record says nothing about Dice.
        group: Of a volume, what it belongs to (a patient, say), where that is not the case
            itself; else "".
        place: Images of this run that came before, where these matter (a sequence, a profile that
            is carried over); else None.
        predicted_dice: What the method expected of the recommendation, in [0, 1]; None where it
            was told nothing yet, or nothing new.
        others_dice: Dice of the other raters' majority with this rater's mask; in round 0 only,
            and None without other raters.
        accepted: Whether the mask would have been accepted without a look; in round 0 only, and
            None where nobody asked.
        energy_distance: Generalised energy distance between the masks on screen and those of
            all raters who drew something, in [0, 2]; in round 0 only, and None unless there are
            alternatives and several raters.
    """

    dataset: str
    case: str
    target: str
    rater: str
    method: str
    weights: str
    annotator: str
    round: int
    dice: float
    hd95_mm: float | None
    assd_mm: float | None = None
    nsd: float | None = None
    iou: float | None = None
    actions: Mapping[str, int]
    seconds_modelled: float
    latency_ms: float | None
    context_size: int
    seed: int
    error: str = ""
    group: str = ""
    energy_distance: float | None = None
    place: int | None = None
    predicted_dice: float | None = None
    others_dice: float | None = None
    accepted: bool | None = None

    @property
    def key(self) -> Key:
        """What belongs together."""
        return self.dataset, self.case, self.target, self.rater

    def to_json(self) -> dict[str, Any]:
        """A JSON-able description; fields with a default only where they say something."""
        optional = _optional()
        return {k: v for k, v in asdict(self).items() if k not in optional or v != optional[k]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Record":
        """The record that ``to_json`` described.

        Raises:
            InputError: If a field is missing or unknown.
        """
        known = {f.name for f in fields(cls)}
        missing, extra = sorted(known - set(_optional()) - set(value)), sorted(set(value) - known)
        if missing or extra:
            raise InputError(
                f"A benchmark record lacks {missing or 'nothing'} and has the unknown fields"
                f" {extra or 'none'}. Was it written by another version?"
            )
        return cls(**value)


def _optional() -> dict[str, Any]:
    """Fields that may be missing, and what that means."""
    return {f.name: f.default for f in fields(Record) if f.default is not MISSING}


def by_trial(records: Iterable[Record]) -> dict[tuple[Key, int], list[Record]]:
    """Records of the same case, target, rater and seed together, in order of round.

    Failed ones are left out. Runs with several seeds may be handed in at once.
    """
    trials: dict[tuple[Key, int], list[Record]] = {}
    for record in records:
        if not record.error:
            trials.setdefault((record.key, record.seed), []).append(record)
    return {trial: sorted(rounds, key=lambda r: r.round) for trial, rounds in trials.items()}
