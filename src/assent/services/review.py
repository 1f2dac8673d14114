"""The review list of a propagated folder: what a person should look at, the least sure first."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assent.io.atomic import write_json, write_text

COLUMNS = ("image", "mask", "predicted_dice", "state", "remark")


@dataclass(frozen=True)
class Reviewed:
    """One image of the folder.

    Attributes:
        image: Name of its file.
        mask: Its mask, relative to the output folder; "" if there is none.
        predicted_dice: Expected Dice of the mask; None if there is none.
        is_accepted: Whether it may be used without a look, at the stated risk.
        is_edited: Whether a person changed the mask since it was written.
        is_kept: Whether the mask is from an earlier run.
        error: Why there is no mask; "" if there is one.
    """

    image: str
    mask: str = ""
    predicted_dice: float | None = None
    is_accepted: bool = False
    is_edited: bool = False
    is_kept: bool = False
    error: str = ""

    @property
    def state(self) -> str:
        """One of "failed", "edited", "accepted", "review"."""
        if self.error:
            return "failed"
        if self.is_edited:
            return "edited"
        return "accepted" if self.is_accepted else "review"

    def to_json(self) -> dict[str, Any]:
        """A JSON-able description."""
        return {
            "image": self.image,
            "mask": self.mask or None,
            "predicted_dice": self.predicted_dice,
            "state": self.state,
            "remark": self.error,
        }


@dataclass(frozen=True)
class Propagated:
    """What came of a folder.

    Attributes:
        method: Name of the method.
        weights_digest: Of its weights; "" without.
        examples: How many finished examples informed it.
        images: How many images the folder has.
        rows: The images that were worked on, in order.
        threshold: Predicted Dice from which masks were accepted; None if none were.
        remark: A sentence about that.
        profile: What the profile of whoever drew the examples says, in words; "" without one.
        settings: Settings of the method that were not left at their default.
        is_interrupted: Whether it was stopped before the end.
    """

    method: str
    weights_digest: str
    examples: int
    images: int
    rows: tuple[Reviewed, ...]
    threshold: float | None = None
    remark: str = ""
    profile: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_interrupted: bool = False

    @property
    def to_review(self) -> list[Reviewed]:
        """All rows, what needs a person first: failures, then by predicted Dice, lowest first."""
        order = ("failed", "review", "edited", "accepted")
        return sorted(self.rows, key=lambda r: (order.index(r.state), r.predicted_dice or 0.0))

    def count(self, state: str) -> int:
        """How many images are in that state."""
        return sum(row.state == state for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """A JSON-able description."""
        return {
            "method": self.method,
            "weights": self.weights_digest,
            "settings": dict(self.settings),
            "examples": self.examples,
            "images": self.images,
            "profile": self.profile or None,
            "accept_from": self.threshold,
            "remark": self.remark,
            "interrupted": self.is_interrupted,
            "review": [row.to_json() for row in self.to_review],
        }


def write_review(out: Path, result: Propagated) -> None:
    """Write ``review.csv`` and ``review.json``, each whole or not at all.

    Raises:
        InputError: If the folder cannot be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.to_json() for row in result.to_review)
    write_text(out / "review.csv", text.getvalue())
    write_json(out / "review.json", result.to_json())
