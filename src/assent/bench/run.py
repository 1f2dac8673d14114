"""The whole grid: every case, target and rater of every dataset, one record per fact."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

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
        for case in each.cases:
            for record in grid.play_case(case):
                failures += bool(record.error)
                yield record
            done += 1
            if report is not None:
                report(CaseDone(each.source.name, case.id, done, total, failures))


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
    states: dict[tuple[str, str], list[State]] = field(default_factory=dict)
    embedded: dict[str, Embedding] = field(default_factory=dict)

    def play_case(self, case: Case) -> Iterator[Record]:
        self.embedded.clear()
        for target, raters in targets_of(case, self.config).items():
            keys = [(case.dataset, case.id, target, rater) for rater in raters]
            # A profile needs the states of finished cases, so these are played again.
            if self.config.carry_over or not self.finished.issuperset(keys):
                yield from self._play_target(case, target, keys)

    def _play_target(self, case: Case, target: str, keys: list[Key]) -> Iterator[Record]:
        view: View | None = None
        for key in keys:
            if key in self.finished and not self.config.carry_over:
                continue
            try:
                view = look(case, target, self.config) if view is None else view
                played = self._play(key, view) if key[3] in view.masks else None
            except Exception as error:
                # A night's run must not end with one case, whatever a method stumbles over.
                yield self._failed(key, error)
                continue
            if played is not None and key not in self.finished:
                yield from played.records

    def _play(self, key: Key, view: View) -> Played:
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
        )
        played = play(trial, self.method, self.config)
        if self.config.carry_over and self.method.capabilities.profile:
            self.states.setdefault((target, rater), []).append(played.state)
        return played

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
        if not self.config.context or not self.method.capabilities.context:
            return [], []
        if (target, rater) not in self.contexts:
            entries: list[ContextEntry] = []
            memory: list[Memory] = []
            for case in context_cases(self.plan.pool, target, rater, self.config):
                with suppress(AssentError):
                    if entry := _entry(case, target, rater, self.config):
                        memory.append(self.method.remember(entry))
                        entries.append(entry)
                if len(entries) == self.config.context_size:
                    break
            self.contexts[target, rater] = (entries, memory)
        return self.contexts[target, rater]

    def _failed(self, key: Key, error: Exception) -> Record:
        kind = "" if isinstance(error, AssentError) else f"{type(error).__name__}: "
        blank = blank_record(key, self.method, self.config)
        return replace(blank, error=f"{kind}{error}")


def _entry(case: Case, target: str, rater: str, config: BenchConfig) -> ContextEntry | None:
    view = look(case, target, config)
    if rater not in view.masks:
        return None
    return ContextEntry(
        "/".join((case.dataset, case.id, target, rater)), view.image, view.masks[rater]
    )
