"""Best, median and worst case of a row, played again to see what was on screen."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from assent.bench.config import BenchConfig
from assent.bench.curves import curves
from assent.bench.play import Played
from assent.bench.record import Key, Record
from assent.bench.run import replay
from assent.bench.suite import SuiteRun
from assent.bench.trials import View
from assent.core.case import TaskSource
from assent.core.feedback import Correct, Feedback
from assent.core.prompts import Prompt
from assent.methods.protocol import Method
from assent.render.cases import Moment, ShownCase, case_strip
from assent.render.save import save


def draw_extremes(
    run: SuiteRun, records: Iterable[Record], source: TaskSource, method: Method, path: Path
) -> bool:
    """Draw the best, the median and the worst view of a run into a PNG file.

    Returns:
        Whether there was a view to draw.
    """
    chosen = extremes(records, run.config)
    again = {
        key: (view, played)
        for key, view, played in replay(source, method, run.config, tuple(chosen.values()))
    }
    shown = [_shown(word, key, *again[key]) for word, key in chosen.items()]
    if shown:
        save(path, case_strip(shown, title=run.name))
    return bool(shown)


def extremes(records: Iterable[Record], config: BenchConfig) -> dict[str, Key]:
    """The best, the median and the worst view by mean Dice over all numbers of answers.

    Where there are fewer than three views, the median and then the worst are left out.
    """
    found = curves(records, config)
    ranked = sorted(found, key=lambda key: (-float(found[key].dice.mean()), key))
    places = {"best": 0, "worst": len(ranked) - 1, "median": len(ranked) // 2}
    chosen = {word: ranked[place] for word, place in list(places.items())[: len(ranked)]}
    return {word: chosen[word] for word in ("best", "median", "worst") if word in chosen}


def _shown(word: str, key: Key, view: View, played: Played) -> ShownCase:
    _, case, _, rater = key
    last = len(played.answers)
    prompts = [(), *_prompts(played.answers)]
    return ShownCase(
        f"{word}: case {' '.join(filter(None, (case, rater)))}",
        view.image,
        view.masks[rater],
        tuple(
            Moment(
                played.masks[n],
                prompts[n],
                f"after {n} answer{'' if n == 1 else 's'}: Dice {played.records[n].dice:.2f}",
            )
            for n in sorted({min(1, last), last})
        ),
    )


def _prompts(answers: Sequence[Feedback]) -> Iterator[tuple[Prompt, ...]]:
    """Everything that was drawn, after each answer."""
    drawn: tuple[Prompt, ...] = ()
    for answer in answers:
        if isinstance(answer, Correct):
            drawn += answer.prompts
        yield drawn
