"""What is measured: who answers, how often, on which images."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

from assent.core.case import Split
from assent.core.errors import ConfigError
from assent.core.scribbles import ScribbleKind

AnnotatorKind = Literal["pick", "judge", "click", "scribble", "mixed", "hand"]
RaterKind = Literal["individual", "fused"]

SECONDS: Mapping[str, float] = MappingProxyType(
    {"pick": 1.7, "judge": 1.2, "click": 1.6, "box": 3.0, "scribble": 3.5, "accept": 1.0}
)
"""Seconds a person needs for one answer in 2D, from the user studies of the papers."""

SECONDS_3D: Mapping[str, float] = MappingProxyType({**SECONDS, "pick": 14.0, "click": 16.0})
"""The same for volumes."""


@dataclass(frozen=True, kw_only=True)
class BenchConfig:
    """Settings of a benchmark run; the design's defaults.

    Raises:
        ConfigError: If a setting is out of range or unknown.
    """

    method: str
    """Registered name of the method, as it is written into the records."""

    label: str | None = None
    """One target (or one rater) by name; None for all."""

    annotator: AnnotatorKind = "pick"
    """How the simulated annotator answers; "hand" gives what people drew on these images."""

    scribble_kind: ScribbleKind = "centreline"
    """What the scribbles of the annotator "scribble" follow."""

    raters: RaterKind = "individual"
    """Each rater a target of its own, or a random non-empty subset fused by majority vote."""

    images: int | None = None
    """The first N cases of a permutation seeded by ``seed``; None for all."""

    images_seed: int | None = None
    """Draws which cases these are, so that ``seed`` only says in which order they come; None
    leaves both to ``seed``."""

    leave_out: Sequence[str] = ()
    """Ids of cases that are neither played nor given as examples."""

    largest_component: bool = False
    """Whether only the largest connected part of every mask counts."""

    context: bool = False
    """Whether reference masks of other images are given as finished examples."""

    context_size: int = 16
    """How many of them; the same ones for every case of a target and rater."""

    sequence: bool = False
    """Whether every finished image, with its reference mask as the one that was accepted, is an
    example for all that follow; begins with none."""

    auto_accept_risk: float | None = None
    """Share of images that may be accepted without a look and be bad: the threshold is set on
    the examples, each predicted from the others. None accepts nothing."""

    carry_over: bool = False
    """Whether the profile learned on a rater's finished cases goes into the next one."""

    target_dice: float | None = None
    """Dice at which the annotator is content and stops."""

    rounds: int = 5
    """Answers per case at most; 0 for the recommendation alone."""

    lapse: float = 0.0
    """Probability of a careless pick, or of a flipped judgement."""

    seed: int = 0
    """Order of cases, fused raters, careless answers, and the method's own draws."""

    splits: tuple[Split, ...] = ("test",)
    """Which cases are evaluated; () for all."""

    fold: int = 0
    """Turn of the split, from 0 to 4; 0 is the usual one. Over five every case is tested once."""

    volume: bool = False
    """Whole volumes instead of their axial slice with the largest reference area."""

    seconds: Mapping[str, float] = field(default_factory=dict)
    """Seconds per answer, by kind, where they differ from the modelled ones."""

    def __post_init__(self) -> None:
        _check_choice("annotator", self.annotator, get_args(AnnotatorKind))
        _check_choice("scribble_kind", self.scribble_kind, get_args(ScribbleKind))
        _check_choice("raters", self.raters, get_args(RaterKind))
        for split in self.splits:
            _check_choice("splits", split, get_args(Split))
        _check_least("rounds", self.rounds, 0, "with 0 nobody answers")
        _check_least("context_size", self.context_size, 1, "without context, switch it off")
        if self.images is not None:
            _check_least("images", self.images, 1, "leave it out for all images")
        _check_share("lapse", self.lapse)
        if self.context and self.sequence:
            raise ConfigError(
                "bench.context and bench.sequence are both on: examples either come from other"
                " images, or from those that were finished before. Switch one of them off."
            )
        if self.auto_accept_risk is not None:
            _check_share("auto_accept_risk", self.auto_accept_risk)
            if not self.context:
                raise ConfigError(
                    "bench.auto_accept_risk needs finished examples to set a threshold on. Switch"
                    " bench.context on."
                )
        if self.target_dice is not None:
            _check_share("target_dice", self.target_dice)
        for kind, seconds in self.seconds.items():
            _check_choice("seconds", kind, tuple(SECONDS))
            if seconds < 0.0:
                raise ConfigError(f"bench.seconds.{kind} is {seconds}; expected 0 or more seconds.")

    def seconds_of(self, *, is_volume: bool) -> dict[str, float]:
        """Modelled seconds by kind of answer."""
        return {**(SECONDS_3D if is_volume else SECONDS), **self.seconds}

    def to_json(self) -> dict[str, Any]:
        """A JSON-able description of all settings."""
        lists = {"splits": list(self.splits), "leave_out": list(self.leave_out)}
        return {**asdict(self), **lists, "seconds": dict(self.seconds)}

    @property
    def digest(self) -> str:
        """SHA-256 of all settings."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigError(f"bench.{name} is {value!r}; expected one of: {', '.join(known)}.")


def _check_least(name: str, value: int, least: int, reason: str) -> None:
    if value < least:
        raise ConfigError(f"bench.{name} is {value}, but must be at least {least}: {reason}.")


def _check_share(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ConfigError(f"bench.{name} is {value}, but must lie between 0 and 1.")
