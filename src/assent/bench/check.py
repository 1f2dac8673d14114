"""A claim of a suite: which rows it compares, by what, and which bound must hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assent.bench.config import BenchConfig
from assent.core.errors import ConfigError, NotFoundError

METRICS = (
    "dice_at",
    "noc",
    "failure_rate",
    "hd95_mm",
    "others_dice",
    "calibration_error",
    "accepted",
    "accepted_bad",
)
COMPARED = ("dice_at", "noc", "others_dice")
"""Those of which one row can be subtracted from another."""

EACH, OVER = "{each}", "{over}"


@dataclass(frozen=True, kw_only=True)
class Check:
    """A claim about one row, about paired differences to others, or about the mean of several.

    Attributes:
        check: The claim in words.
        run: Name of the row.
        minus: Names of the rows that are subtracted, one at a time; the claim is about the best
            of them, which leaves the least favourable difference. The row itself may be one.
        over: What ``{over}`` stands for in ``run`` and ``minus``, one at a time; the claim is
            about the mean, in which each of them counts once, however many images it has.
        relative: Whether the difference is told as a share of what is subtracted.
        metric: One of ``METRICS``.
        minus_metric: What is subtracted, if that is another metric.
        round: Number of answers, for "dice_at".
        minus_round: Number of answers in what is subtracted; None for the same.
        first_image: Where places in the order matter, the first place of ``run`` that counts,
            from 1 on.
        last_image: The last one; None for all that follow.
        at_least: The value must not be smaller; None for no such bound.
        at_most: The value must not be larger; None for no such bound.
        low_above: The lower end of the interval must lie above this; None for no such bound.

    Raises:
        ConfigError: If the metric is unknown, or there is not exactly one bound.
    """

    check: str
    run: str
    minus: Sequence[str] = ()
    over: Sequence[str] = ()
    relative: bool = False
    metric: str = "dice_at"
    minus_metric: str | None = None
    round: int = 0
    minus_round: int | None = None
    first_image: int = 1
    last_image: int | None = None
    at_least: float | None = None
    at_most: float | None = None
    low_above: float | None = None

    def __post_init__(self) -> None:
        allowed = COMPARED if self.minus else METRICS
        for metric in (self.metric, self.subtracted[0]):
            if metric not in allowed:
                raise ConfigError(
                    f"The check {self.check!r} asks for {metric!r}; expected one of:"
                    f" {', '.join(allowed)}."
                )
        if (self.at_least is None) == (self.at_most is None):
            raise ConfigError(f"The check {self.check!r} needs either at_least or at_most.")
        if self.relative and not self.minus:
            raise ConfigError(f"The check {self.check!r} is relative to nothing: it needs minus.")

    @property
    def subtracted(self) -> tuple[str, int]:
        """Metric and number of answers of what is subtracted."""
        answers = self.round if self.minus_round is None else self.minus_round
        return self.minus_metric or self.metric, answers

    @property
    def parts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The row and what is subtracted from it, once for each of ``over``."""
        return tuple(
            (self.run.replace(OVER, each), tuple(row.replace(OVER, each) for row in self.minus))
            for each in self.over or ("",)
        )

    @property
    def rows(self) -> frozenset[str]:
        """Names of all rows it needs."""
        return frozenset(row for run, minus in self.parts for row in (run, *minus))


def checks_of(table: Mapping[str, Any]) -> Iterator[Check]:
    """The checks of a TOML table: with a list ``each``, one for each of its items.

    Raises:
        ConfigError: As ``Check``.
        TypeError: If a field is missing or unknown.
    """
    plain = {key: value for key, value in table.items() if key != "each"}
    minus = plain.get("minus", ())
    check = Check(**{**plain, "minus": (minus,) if isinstance(minus, str) else tuple(minus)})
    for each in table.get("each", ("",)):
        yield replace(
            check,
            check=check.check.replace(EACH, each),
            run=check.run.replace(EACH, each),
            minus=tuple(row.replace(EACH, each) for row in check.minus),
        )


def refuse_unmeasured(check: Check, known: Mapping[str, BenchConfig], suite: str) -> None:
    """Refuse a check of rows that are not there, or do not measure what it asks for.

    Raises:
        NotFoundError: Naming the row that is not there.
        ConfigError: Naming the row that has too few rounds, or no target.
    """
    for row in check.rows - known.keys():
        raise NotFoundError(f"run in the suite {suite!r}", row, known=known)
    asked = [(run, check.metric, check.round) for run, _ in check.parts]
    asked += [(row, *check.subtracted) for _, minus in check.parts for row in minus]
    for row, metric, answers in asked:
        config = known[row]
        if metric == "dice_at" and not 0 <= answers <= config.rounds:
            raise ConfigError(
                f"The check {check.check!r} asks for {answers} answers, but {row!r} has"
                f" {config.rounds} rounds. Choose one of them, or more rounds."
            )
        if metric in {"noc", "failure_rate"} and not (config.target_dice and config.rounds):
            raise ConfigError(
                f"The check {check.check!r} counts answers to a target, but {row!r} has none."
                " Give the run a target_dice and at least one round."
            )
