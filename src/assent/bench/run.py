"""The whole grid: every case, target and rater of every dataset, one record per fact."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from assent.bench.acceptance import accept_from
from assent.bench.config import BenchConfig
from assent.bench.play import Played, Trial, blank_record, check_hears, play
from assent.bench.record import Key, Record
from assent.bench.trials import Plan, View, context_cases, look, plan, targets_of
from assent.core.case import Case, TaskSource
from assent.core.context import ContextEntry
from assent.core.errors import AssentError
from assent.core.image import Image
from assent.methods.protocol import Embedding, Memory, Method, Prior, State


@dataclass(frozen=True)
class CaseDone:
    """Told after every case: what was played, how far the run is, and how many trials failed."""

    dataset: str
    case: str
    done: int
    total: int
    failures: int


def run(
    sources: Sequence[TaskSource],
    method: Method,
    config: BenchConfig,
    *,
    finished: Collection[Key] = (),
    report: Callable[[CaseDone], None] | None = None,
) -> Iterator[Record]:
    """Play a simulated annotator with a method; nothing is averaged here.

    The same seed gives the same records, apart from latencies. All records of a case, target
    and rater come together, rounds in order. What cannot be played (a broken file, say) becomes
    one record with an ``error``, and the run goes on.

    Args:
        sources: Datasets, in order.
        method: The method to measure.
        config: Everything else.
        finished: What an earlier run completed; it is not yielded again.
        report: Told after every case.

    Raises:
        ConfigError: If the method cannot hear the annotator.
        NotFoundError: If a dataset does not have the label.
        InputError: If the splits of a dataset are empty, or no context is left.
    """
    check_hears(method, config)
    plans = [plan(source, config) for source in sources]
    total, done, failures = sum(len(p.cases) for p in plans), 0, 0
    for each in plans:
        grid = _Grid(each, method, config, frozenset(finished))
        for place, case in enumerate(each.cases):
            for record in grid.play_case(case, place):
                failures += bool(record.error)
                yield record
            done += 1
            if report is not None:
                report(CaseDone(each.source.name, case.id, done, total, failures))


def replay(
    source: TaskSource, method: Method, config: BenchConfig, keys: Collection[Key]
) -> Iterator[tuple[Key, View, Played]]:
    """Play some trials of a run again, each by itself, to see what was on screen.

    Args:
        source: The dataset of the run.
        method: Its method.
        config: Its settings; neither a sequence nor a profile that is carried over.
        keys: Of the trials.
    """
    assert not config.sequence
    assert not config.carry_over
    drawn = plan(source, config)
    grid = _Grid(drawn, method, config, frozenset())
    for case in drawn.cases:
        for key in keys:
            if key[1] == case.id:
                view = look(case, key[2], config)
                yield key, view, grid.play_view(key, view, 0)


@dataclass(eq=False)
class _Grid:
    """One dataset while it is played: what is remembered from case to case."""

    plan: Plan
    method: Method
    config: BenchConfig
    finished: frozenset[Key]
    contexts: dict[tuple[str, str], tuple[list[ContextEntry], list[Memory]]] = field(
        default_factory=dict
    )
    gathered: set[tuple[str, str]] = field(default_factory=set)
    states: dict[tuple[str, str], list[State]] = field(default_factory=dict)
    thresholds: dict[tuple[str, str], float] = field(default_factory=dict)
    embedded: dict[str, Embedding] = field(default_factory=dict)

    def play_case(self, case: Case, place: int) -> Iterator[Record]:
        self.embedded.clear()
        for target, raters in targets_of(case, self.config).items():
            keys = [(case.dataset, case.id, target, rater) for rater in raters]
            if self._has_successors or not self.finished.issuperset(keys):
                yield from self._play_target(case, target, keys, place)

    @property
    def _has_successors(self) -> bool:
        """Whether later cases need what became of earlier ones, finished or not."""
        return self.config.carry_over or self.config.sequence

    def _play_target(
        self, case: Case, target: str, keys: list[Key], place: int
    ) -> Iterator[Record]:
        view: View | None = None
        for key in keys:
            if key in self.finished and not self._has_successors:
                continue
            try:
                view = look(case, target, self.config) if view is None else view
                records = self._play(key, view, place) if key[3] in view.masks else ()
            except Exception as error:
                # A night's run must not end with one case, whatever a method stumbles over.
                yield self._failed(key, error)
                continue
            if key not in self.finished:
                yield from records

    def _play(self, key: Key, view: View, place: int) -> tuple[Record, ...]:
        """The records of a trial, unless it is finished and later ones do not need its state."""
        records: tuple[Record, ...] = ()
        if self.config.carry_over or key not in self.finished:
            played = self.play_view(key, view, place)
            records = played.records
            if self.config.carry_over and self.method.capabilities.profile:
                self.states.setdefault(key[2:], []).append(played.state)
        if self.config.sequence:
            self._exemplify(key, view)
        return records

    def play_view(self, key: Key, view: View, place: int) -> Played:
        """Play one rater's view of a target."""
        target, rater = key[2:]
        context, memory = self._context(target, rater)
        trial = Trial(
            key=key,
            image=view.image,
            reference=view.masks[rater],
            everyone=view.everyone,
            embedding=self._embedding(view.image),
            context=context,
            memory=memory,
            prior=self._prior(target, rater),
            group=view.group,
            others=view.others(rater),
            strokes=view.strokes.get(rater, ()),
            place=place if self._has_successors else None,
            accept_from=self._accept_from(target, rater),
        )
        return play(trial, self.method, self.config)

    def _embedding(self, image: Image) -> Embedding:
        if image.content_id not in self.embedded:
            self.embedded[image.content_id] = self.method.embed(image)
        return self.embedded[image.content_id]

    def _prior(self, target: str, rater: str) -> Prior | None:
        states = self.states.get((target, rater))
        return self.method.learn(states) if states else None

    def _context(self, target: str, rater: str) -> tuple[list[ContextEntry], list[Memory]]:
        """Finished examples of a rater's target, each remembered once for all cases.

        One that cannot be used is passed over; the records say how many there were.
        """
        if not self.method.capabilities.context:
            return [], []
        entries, memory = self.contexts.setdefault((target, rater), ([], []))
        if self.config.context and (target, rater) not in self.gathered:
            self.gathered.add((target, rater))
            for case in context_cases(self.plan.pool, target, rater, self.config):
                with suppress(AssentError):
                    view = look(case, target, self.config)
                    if rater in view.masks:
                        self._exemplify((case.dataset, case.id, target, rater), view)
                if len(entries) == self.config.context_size:
                    break
        return entries, memory

    def _exemplify(self, key: Key, view: View) -> None:
        """Make a finished view an example; one that cannot be used is passed over."""
        if not self.method.capabilities.context:
            return
        entries, memory = self.contexts.setdefault(key[2:], ([], []))
        entry = ContextEntry("/".join(key), view.image, view.masks[key[3]])
        with suppress(AssentError):
            memory.append(self.method.remember(entry))
            entries.append(entry)

    def _accept_from(self, target: str, rater: str) -> float | None:
        """The threshold of a target and rater, set once on their examples."""
        risk = self.config.auto_accept_risk
        if risk is None:
            return None
        if (target, rater) not in self.thresholds:
            entries, memory = self._context(target, rater)
            self.thresholds[target, rater] = accept_from(
                self.method, entries, memory, risk=risk, seed=self.config.seed
            )
        return self.thresholds[target, rater]

    def _failed(self, key: Key, error: Exception) -> Record:
        kind = "" if isinstance(error, AssentError) else f"{type(error).__name__}: "
        blank = blank_record(key, self.method, self.config)
        return replace(blank, error=f"{kind}{error}")
