"""One case, one target, one rater, one method: a simulated annotator works on it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from assent.bench.annotators import Wish, accept, answer
from assent.bench.chance import rng_of, seed_of
from assent.bench.config import BenchConfig
from assent.bench.record import NSD_TOLERANCE_MM, Key, Record
from assent.bench.trials import majority
from assent.core.candidates import Proposal
from assent.core.context import ContextEntry
from assent.core.errors import ConfigError
from assent.core.feedback import Correct, Feedback
from assent.core.image import Image
from assent.core.metrics import dice, iou, surface_distances_mm
from assent.core.prompts import Scribble
from assent.core.raters import generalised_energy_distance
from assent.core.simulate import consensus_click
from assent.methods.protocol import Embedding, FeedbackKind, Memory, Method, Prior, State
from assent.sessions.kinds import kinds_of
from assent.sessions.session import Session

DRAWN: frozenset[FeedbackKind] = frozenset({"click", "scribble", "box"})
ANSWERED: frozenset[FeedbackKind] = DRAWN | {"pick", "judge"}


@dataclass(frozen=True, eq=False)
class Trial:
    """One rater's view of one target in one image, and what the method may know beforehand.

    Attributes:
        key: Dataset, case, target, rater.
        image: A 2D image or a volume.
        reference: ``(D, H, W)`` bool, hidden from the method.
        everyone: Masks of all raters of this case and target.
        embedding: ``method.embed(image)``.
        context: Finished examples.
        memory: How the method remembers them, in the same order.
        prior: The person's profile, or None.
        group: What a volume belongs to, where that is not the case itself; else "".
        others: Masks of the other raters.
        strokes: What this rater drew by hand on the image.
        place: Images of the run that came before, where these matter.
        accept_from: Predicted Dice from which on a mask is accepted without a look; None if
            nobody asks.
    """

    key: Key
    image: Image
    reference: NDArray[np.bool_] = field(repr=False)
    everyone: Sequence[NDArray[np.bool_]] = field(repr=False)
    embedding: Embedding = field(repr=False)
    context: Sequence[ContextEntry] = ()
    memory: Sequence[Memory] = ()
    prior: Prior | None = None
    group: str = ""
    others: Sequence[NDArray[np.bool_]] = field(default=(), repr=False)
    strokes: tuple[Scribble, ...] = field(default=(), repr=False)
    place: int | None = None
    accept_from: float | None = None


@dataclass(frozen=True, eq=False)
class Played:
    """Records of rounds 0 to the last.

    Attributes:
        records: One for each round.
        masks: What was recommended before every answer, and after the last.
        answers: In order; one less than masks.
        state: With carry-over, the state once the best mask on screen was accepted.
    """

    records: tuple[Record, ...]
    masks: tuple[NDArray[np.bool_], ...] = field(repr=False)
    answers: tuple[Feedback, ...] = field(repr=False)
    state: State | None


def check_hears(method: Method, config: BenchConfig) -> None:
    """Refuse a method that cannot hear the annotator.

    A method that hears no answers at all may be measured beside others: it gets none. In a run
    of no rounds nobody answers.

    Raises:
        ConfigError: Naming the method and what it listens to.
    """
    heard = method.capabilities.feedback & ANSWERED
    needed = {"mixed": "click", "hand": "scribble"}.get(config.annotator, config.annotator)
    if config.rounds and heard and needed not in heard:
        raise ConfigError(
            f"The method {method.name!r} does not listen to a {needed}, so the annotator"
            f" {config.annotator!r} cannot work with it. It listens to: {', '.join(sorted(heard))}."
        )


def blank_record(key: Key, method: Method, config: BenchConfig) -> Record:
    """A record of round 0 that says who works on what, and nothing yet about how it went."""
    dataset, case, target, rater = key
    return Record(
        dataset=dataset,
        case=case,
        target=target,
        rater=rater,
        method=config.method,
        weights=method.weights_digest,
        annotator=config.annotator,
        round=0,
        dice=0.0,
        hd95_mm=None,
        actions={},
        seconds_modelled=0.0,
        latency_ms=None,
        context_size=0,
        seed=config.seed,
    )


def play(trial: Trial, method: Method, config: BenchConfig) -> Played:
    """Let the annotator answer until content, out of answers, or out of rounds.

    Rounds that are not played any more repeat the last values.
    """
    table = _Table(trial, method, config)
    records = [table.record()]
    for _ in range(config.rounds):
        records.append(table.next_record(records[-1]))
    state = table.finished_state() if config.carry_over else None
    return Played(tuple(records), tuple(table.masks), tuple(table.answers), state)


class _Table:
    """The annotator and the method at one table, while a case is played."""

    def __init__(self, trial: Trial, method: Method, config: BenchConfig) -> None:
        self.trial, self.method, self.config = trial, method, config
        self.heard = method.capabilities.feedback
        self.actions: Counter[str] = Counter()
        self.latency_ms: float | None = None
        self.round = 0
        self.session = Session(
            method,
            trial.image,
            context=trial.context,
            memory=trial.memory,
            embedding=trial.embedding,
            prior=trial.prior,
            seed=seed_of(config.seed, "session", *trial.key[:3]),
        )
        self.wish = Wish(
            reference=trial.reference,
            spacing_zyx_mm=trial.image.geometry.spacing_zyx_mm,
            heard=self.heard,
            lapse=config.lapse,
            rng=rng_of(config.seed, "annotator", *trial.key),
            scribble_kind=config.scribble_kind,
            strokes=trial.strokes,
        )
        self.is_told = True
        self.shown = self._opened()
        self.masks, self.answers = [self.shown.recommended], list[Feedback]()
        self.is_done = not self.heard & ANSWERED
        self._stop_if_content()

    def _opened(self) -> Proposal:
        """The proposal of round 0, to which a method may need to be told the object."""
        shown = self.session.propose()
        if not self.method.capabilities.needs_first_prompt or self.trial.memory:
            return shown
        if self.config.annotator in {"pick", "judge"}:
            click = consensus_click(
                self.trial.everyone,
                rng=rng_of(self.config.seed, "consensus", *self.trial.key[:3]),
                spacing_zyx_mm=self.trial.image.geometry.spacing_zyx_mm,
            )
            if click is None or "click" not in self.heard:
                return shown
            self.actions["click"] += 1
            return self.session.give(Correct((click,), 0))
        self.is_told = not DRAWN & self.heard
        return shown if self.is_told else shown.blanked()

    def next_record(self, last: Record) -> Record:
        """Play a round; the last record again when there is nothing left to do."""
        feedback = None if self.is_done else answer(self.config.annotator, self.shown, self.wish)
        self.round += 1
        if feedback is None:
            self.is_done = True
            return self._repeated(last)
        began = perf_counter()
        self.shown = self.session.give(feedback)
        self.latency_ms = (perf_counter() - began) * 1e3
        self.actions.update(kinds_of(feedback))
        self.is_told = True
        self.masks.append(self.shown.recommended)
        self.answers.append(feedback)
        self._stop_if_content()
        return self.record()

    def _repeated(self, last: Record) -> Record:
        return replace(
            last,
            round=self.round,
            latency_ms=None,
            energy_distance=None,
            predicted_dice=None,
            others_dice=None,
            accepted=None,
        )

    def _stop_if_content(self) -> None:
        target = self.config.target_dice
        if self.is_done or target is None:
            return
        if dice(self.shown.recommended, self.trial.reference) >= target:
            self.is_done = True
            if self.config.annotator == "mixed":
                self.actions["accept"] += 1

    def record(self) -> Record:
        """What is true after this round."""
        mask, image, reference = self.shown.recommended, self.trial.image, self.trial.reference
        seconds = self.config.seconds_of(is_volume=image.is_volume)
        apart = surface_distances_mm(mask, reference, image.geometry.spacing_zyx_mm)
        return replace(
            blank_record(self.trial.key, self.method, self.config),
            round=self.round,
            dice=float(dice(mask, reference)),
            hd95_mm=_finite(apart.hd95_mm),
            assd_mm=_finite(apart.assd_mm),
            nsd=apart.nsd(tolerance_mm=NSD_TOLERANCE_MM),
            iou=iou(mask, reference),
            actions=dict(self.actions),
            seconds_modelled=sum(seconds[kind] * n for kind, n in self.actions.items()),
            latency_ms=self.latency_ms,
            context_size=len(self.trial.memory),
            group=self.trial.group,
            energy_distance=self._energy_distance(),
            place=self.trial.place,
            predicted_dice=float(self.shown.predicted_dice) if self.is_told else None,
            others_dice=self._others_dice(),
            accepted=self._is_accepted(),
        )

    def _others_dice(self) -> float | None:
        """How far the other raters agree with this one, by majority."""
        if self.round or not self.trial.others:
            return None
        return float(dice(majority(self.trial.others), self.trial.reference))

    def _is_accepted(self) -> bool | None:
        if self.round or self.trial.accept_from is None:
            return None
        return bool(self.shown.predicted_dice >= self.trial.accept_from)

    def _energy_distance(self) -> float | None:
        """How far what is shown first is from what the raters drew, as two sets of masks."""
        shown, everyone = self.shown, self.trial.everyone
        if self.round or len(shown.alternatives) == 0 or len(everyone) < 2:
            return None
        masks = np.concatenate([shown.recommended[None], shown.alternatives])
        return generalised_energy_distance(masks, np.stack(everyone))

    def finished_state(self) -> State:
        """The state once the annotator accepted the best mask on screen, for the profile."""
        self.session.give(accept(self.session.propose(), self.wish))
        return self.session.state


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
