"""Pick, judge, correct, accept: what the annotator answers, to and from JSON.

Every answer names the round it answers, so that a repeated message is recognised and a late
one is refused instead of being applied to another proposal.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from assent.core import mask as masks
from assent.core import prompts as prompt_json
from assent.core.errors import InputError
from assent.core.prompts import Prompt

Answer = Literal["better", "worse", "cannot_tell"]


@dataclass(frozen=True)
class Pick:
    """The best of the alternatives on offer, or None for "none of these"."""

    candidate: int | None
    round: int
    page: int = 0


@dataclass(frozen=True)
class Judge:
    """Whether the challenger is better than the recommendation it stands beside."""

    answer: Answer
    round: int
    page: int = 0


@dataclass(frozen=True)
class Correct:
    """New prompts, and earlier ones taken back.

    Attributes:
        prompts: What was drawn now.
        round: The round this answers.
        removed: Positions, counted over all prompts of the history in the order given, of
            prompts that no longer hold.
    """

    prompts: tuple[Prompt, ...]
    round: int
    removed: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Accept:
    """The work on this image is done.

    Attributes:
        choice: "recommended", the index of an alternative, or "edited" for a hand-painted mask.
        round: The round this answers.
        edited: ``(D, H, W)`` bool, with choice "edited" only.
        page: Which set of alternatives an index refers to.
    """

    choice: Literal["recommended", "edited"] | int
    round: int
    edited: NDArray[np.bool_] | None = field(default=None, repr=False)
    page: int = 0

    def __post_init__(self) -> None:
        if (self.choice == "edited") != (self.edited is not None):
            raise InputError("An accepted mask is edited if and only if the mask is sent along.")


Feedback = Pick | Judge | Correct | Accept


def to_json(feedback: Feedback) -> dict[str, Any]:
    """A JSON-able description, masks as run lengths.

    >>> to_json(Pick(2, round=0))
    {'kind': 'pick', 'round': 0, 'candidate': 2, 'page': 0}
    """
    head: dict[str, Any] = {"kind": type(feedback).__name__.lower(), "round": feedback.round}
    match feedback:
        case Pick():
            return head | {"candidate": feedback.candidate, "page": feedback.page}
        case Judge():
            return head | {"answer": feedback.answer, "page": feedback.page}
        case Correct():
            drawn = [prompt_json.to_json(p) for p in feedback.prompts]
            return head | {"prompts": drawn, "removed": list(feedback.removed)}
        case Accept():
            edited = None if feedback.edited is None else masks.to_rle(feedback.edited)
            return head | {"choice": feedback.choice, "edited": edited, "page": feedback.page}


def from_json(value: dict[str, Any]) -> Feedback:
    """The feedback that ``to_json`` described.

    Raises:
        InputError: If the kind is unknown or a field is missing or misstated.
    """
    try:
        match value["kind"]:
            case "pick":
                candidate = None if value["candidate"] is None else _whole(value, "candidate")
                return Pick(candidate, _whole(value, "round"), _page(value))
            case "judge":
                answer = value["answer"]
                if answer not in ("better", "worse", "cannot_tell"):
                    raise InputError(
                        f"A judgement is better, worse or cannot_tell, not {answer!r}."
                    )
                return Judge(answer, _whole(value, "round"), _page(value))
            case "correct":
                drawn = tuple(prompt_json.from_json(p) for p in value["prompts"])
                removed = [_whole({"removed": n}, "removed") for n in value.get("removed", ())]
                return Correct(drawn, _whole(value, "round"), tuple(removed))
            case "accept":
                choice = value["choice"]
                if choice not in ("recommended", "edited"):
                    choice = _whole(value, "choice")
                rle = value.get("edited")
                edited = None if rle is None else masks.from_rle(rle)
                return Accept(choice, _whole(value, "round"), edited, _page(value))
    except (KeyError, TypeError) as error:
        raise InputError(f"An answer lacks or misstates a field: {error}.") from error
    raise InputError(f"Unknown answer {value['kind']!r}; expected pick, judge, correct or accept.")


def _page(value: dict[str, Any]) -> int:
    return _whole(value, "page") if "page" in value else 0


def _whole(value: dict[str, Any], key: str) -> int:
    """The number under a key, which may have come from anywhere."""
    number = value[key]
    if type(number) is not int or number < 0:
        raise InputError(
            f"An answer misstates {key!r}: expected a whole number of 0 or more, got {number!r}."
        )
    return number
