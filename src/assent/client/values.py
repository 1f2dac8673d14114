"""What the server says, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assent.core.errors import AssentError


class RefusedError(AssentError):
    """The server's answer is a problem.

    Attributes:
        status: Of HTTP.
        code: Of the problem, as in "stale".
        current: The proposal that is shown, where the answer belonged to another round.
    """

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail", "The server refused without a word.")))
        self.status, self.code = int(problem.get("status", 0)), str(problem.get("code", ""))
        current = problem.get("current")
        self.current = None if current is None else Proposal.of(current)


@dataclass(frozen=True)
class Project:
    """A folder of images, and what is to be segmented in it."""

    id: int
    name: str
    targets: tuple[str, ...]
    images: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Project":
        """As the server says it."""
        return cls(told["id"], told["name"], tuple(told["targets"]), told["images"])


@dataclass(frozen=True)
class Image:
    """An image of a project."""

    id: int
    path: str
    shape_dhw: tuple[int, int, int]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Image":
        """As the server says it."""
        depth, height, width = told["shape"]
        return cls(told["id"], told["path"], (depth, height, width))


@dataclass(frozen=True)
class Series:
    """What came of the DICOM series of a folder or archive.

    Attributes:
        images: One a series.
        problems: Why others could not be used, one sentence each.
    """

    images: tuple[Image, ...]
    problems: tuple[str, ...]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Series":
        """As the server says it."""
        problems = tuple(each["detail"] for each in told["problems"])
        return cls(tuple(map(Image.of, told["images"])), problems)


@dataclass(frozen=True)
class HeldMask:
    """Who or what let the mask of a task hold, and how it was made.

    Attributes:
        origin: "person", "rule" (accepted by itself) or "import".
        person: Who accepted or brought it; where a rule accepted it, for whom it was predicted, ""
            if that is not known.
        accepted_at: When, with a time zone.
        method: Which method proposed it; "" for none, or if that is not known.
        weights_digest: Of that method; "" without weights.
        settings_digest: Of that method's resolved settings.
        predicted_dice: Expected Dice that a rule went by, in [0, 1]; None without a rule.
        threshold: From which expected Dice on the rule accepted; None without a rule.
        risk: Which share of bad masks the rule keeps; None without a rule.
    """

    origin: str
    person: str
    accepted_at: datetime
    method: str
    weights_digest: str
    settings_digest: str
    predicted_dice: float | None
    threshold: float | None
    risk: float | None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "HeldMask":
        """As the server says it."""
        return cls(
            origin=told["origin"],
            person=told["person"],
            accepted_at=datetime.fromisoformat(told["accepted_at"]),
            method=told["method"],
            weights_digest=told["weights_digest"],
            settings_digest=told["settings_digest"],
            predicted_dice=told["predicted_dice"],
            threshold=told["threshold"],
            risk=told["risk"],
        )


@dataclass(frozen=True)
class Task:
    """One target in one image.

    Attributes:
        id: Of the task.
        image: In which.
        target: What is to be segmented.
        state: "open", "accepted" or "skipped".
        predicted_dice: Expected Dice of what is proposed or holds, in [0, 1]; None if unknown.
        mask: How the mask that holds came about; None while none does.
    """

    id: int
    image: Image
    target: str
    state: str
    predicted_dice: float | None
    mask: HeldMask | None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Task":
        """As the server says it."""
        return cls(
            id=told["id"],
            image=Image.of(told["image"]),
            target=told["target"],
            state=told["state"],
            predicted_dice=told["predicted_dice"],
            mask=None if told["mask"] is None else HeldMask.of(told["mask"]),
        )


@dataclass(frozen=True)
class Alternative:
    """One alternative: how it differs, what it is worth, and its slice where it differs most.

    Attributes:
        index: By which it is picked.
        tag: How it differs, in words.
        predicted_dice: Expected Dice, in [0, 1].
        slice: Where it differs most.
        added: ``(h, w)`` bool, a crop: what it has beyond the recommendation.
        removed: The same crop: what it lacks.
        crop_yxhw: Where the crop lies in the slice.
    """

    index: int
    tag: str
    predicted_dice: float
    slice: int
    added: NDArray[np.bool_] = field(repr=False, compare=False)
    removed: NDArray[np.bool_] = field(repr=False, compare=False)
    crop_yxhw: tuple[int, int, int, int]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Alternative":
        """As the server says it."""
        crop = told["crop"]
        return cls(
            told["index"],
            told["tag"],
            told["predicted_dice"],
            told["slice"],
            plane_of(told["added"]),
            plane_of(told["removed"]),
            (crop["y"], crop["x"], crop["height"], crop["width"]),
        )


@dataclass(frozen=True)
class Proposal:
    """What a session shows.

    Attributes:
        session: Id of the session.
        image: What is segmented.
        round: How many answers hold; the next answer names it.
        rounds: All answers, taken back ones included.
        page: Which set of alternatives.
        is_accepted: Whether the work is done.
        is_empty: Whether nobody said yet which object is meant.
        predicted_dice: Expected Dice of the recommendation, in [0, 1].
        slice: To show first.
        recommended: ``(H, W)`` bool, the recommendation on that slice.
        alternatives: On offer.
        challenger: Index of the one to judge, or None.
    """

    session: int
    image: Image
    round: int
    rounds: int
    page: int
    is_accepted: bool
    is_empty: bool
    predicted_dice: float
    slice: int
    recommended: NDArray[np.bool_] = field(repr=False, compare=False)
    alternatives: tuple[Alternative, ...]
    challenger: int | None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Proposal":
        """As the server says it."""
        return cls(
            session=told["session"],
            image=Image.of(told["image"]),
            round=told["round"],
            rounds=told["rounds"],
            page=told["page"],
            is_accepted=told["is_accepted"],
            is_empty=told["is_empty"],
            predicted_dice=told["predicted_dice"],
            slice=told["slice"],
            recommended=plane_of(told["recommendation"]["rle"]),
            alternatives=tuple(map(Alternative.of, told["alternatives"])),
            challenger=told["challenger"],
        )


@dataclass(frozen=True)
class Job:
    """Long work: what it is, how far it is, and one sentence."""

    id: int
    kind: str
    state: str
    progress: float
    detail: str

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Job":
        """As the server says it."""
        return cls(told["id"], told["kind"], told["state"], told["progress"], told["detail"])

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come."""
        return self.state in {"done", "failed", "cancelled"}


def plane_of(rle: Mapping[str, Any]) -> NDArray[np.bool_]:
    """The slice that run lengths describe, ``(H, W)`` bool.

    >>> plane_of({"shape": [2, 2], "runs": [1, 2, 1]})
    array([[False,  True],
           [ True, False]])
    """
    values = np.arange(len(rle["runs"])) % 2 == 1
    return np.repeat(values, rle["runs"]).reshape(rle["shape"])
