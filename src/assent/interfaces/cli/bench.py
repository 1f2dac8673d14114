"""``assent bench``: how many answers a simulated annotator needs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from assent.core.errors import ConfigError
from assent.core.scribbles import ScribbleKind
from assent.interfaces.cli.progress import progress_bar, stoppable
from assent.interfaces.cli.say import say, say_columns, say_json
from assent.interfaces.cli.wiring import Given
from assent.services.bench import BenchConfig, BenchRequest, CaseDone, table_of
from assent.services.bench import bench as run
from assent.services.sources import parse_splits

EXAMPLES = (
    "assent bench --method geodesic --data synthetic:cells2d --annotator click --rounds 20"
    " --target-dice 0.9 --out geodesic.jsonl",
    "assent bench --data my-study --split val,test --annotator pick --lapse 0.2 --out pick.jsonl",
    "assent bench suite smoke --out smoke",
)
SETTINGS = (
    "auto_accept_risk",
    "context_size",
    "images_seed",
    "largest_component",
    "leave_out",
    "seconds",
    "sequence",
)
"""What the table [bench] may hold besides the options."""

Switch = Literal["on", "off"]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where it was stopped.")]


def bench(  # noqa: PLR0913 - every option is one
    *,
    data: Annotated[str, typer.Option(metavar="DIR", help='A folder, or "synthetic:NAME".')],
    out: Annotated[Path, typer.Option(help="Results: one JSON record per line, summary last.")],
    method: Annotated[str, typer.Option(help="Name of the method.")] = "posterior",
    label: Annotated[str | None, typer.Option(help="One target or rater; all if left out.")] = None,
    annotator: Annotated[
        Literal["pick", "judge", "click", "scribble", "mixed", "hand"],
        typer.Option(help="How the simulated annotator answers."),
    ] = "pick",
    scribble_kind: Annotated[
        ScribbleKind, typer.Option(help="What scribbles follow; for the annotator scribble.")
    ] = "centreline",
    raters: Annotated[
        Literal["individual", "fused"],
        typer.Option(help="Each rater a target of its own, or random subsets by majority vote."),
    ] = "individual",
    images: Annotated[int | None, typer.Option(help="The first N, in an order by seed.")] = None,
    context: Annotated[Switch, typer.Option(help="Finished examples are given along.")] = "off",
    carry_over: Annotated[Switch, typer.Option(help="The profile goes to the next image.")] = "off",
    target_dice: Annotated[float | None, typer.Option(help="Dice that is good enough.")] = None,
    rounds: Annotated[int, typer.Option(help="Answers per case at most, from 1 on.")] = 5,
    lapse: Annotated[float, typer.Option(help="Share of careless answers.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of order and every random draw.")] = 0,
    split: Annotated[
        str, typer.Option(help="train, val, test, all, or several as in val,test.")
    ] = "test",
    fold: Annotated[int, typer.Option(help="0 to 4: of weights trained with the same --fold.")] = 0,
    volume: Annotated[bool, typer.Option("--volume", help="Whole volumes, not one slice.")] = False,
    weights: Annotated[Path | None, typer.Option(help="Weights other than the shipped.")] = None,
    resume: Resume = False,
    given: Given,
) -> None:
    """Measure a method with a simulated annotator; `assent bench suite` runs a named suite."""
    if rounds < 1:
        raise ConfigError(
            f"--rounds is {rounds}, but must be 1 or more: round 0, before any answer, is always"
            " measured."
        )
    more = {key: value for key, value in given.settings.of("bench").items() if key in SETTINGS}
    config = BenchConfig(
        method=method,
        label=label,
        annotator=annotator,
        scribble_kind=scribble_kind,
        raters=raters,
        images=images,
        context=context == "on",
        carry_over=carry_over == "on",
        target_dice=target_dice,
        rounds=rounds,
        lapse=lapse,
        seed=seed,
        splits=parse_splits(split),
        fold=fold,
        volume=volume,
        **more,
    )
    request = BenchRequest(
        config=config,
        data=data,
        out=out,
        weights=weights,
        resume=resume,
        method_settings=given.settings.of_method(method),
    )
    with played(f"{method} on {Path(data).name}", out, off=given.as_json) as report:
        result = run(request, lambda _, done: report("", done))
    for error in result.errors:
        say(error, error=True)
    if given.as_json:
        say_json({"summary": dict(result.summary)})
    else:
        say_columns(*table_of(method, result.summary))
        say(f"Records: {out}")


@contextmanager
def played(title: str, out: Path, *, off: bool) -> Iterator[Callable[[str, CaseDone], None]]:
    """A bar that is told the name of a run and the case that was played; Ctrl-C keeps what was.

    Args:
        title: What is going on.
        out: Where records go.
        off: Whether output is for machines.
    """
    kept = f"What was played is in {out}; the same command with --resume goes on."
    with stoppable(kept), progress_bar(title, off=off) as tell:

        def report(run: str, done: CaseDone) -> None:
            failed = f", {done.failures} failed" if done.failures else ""
            text = f"{done.done} of {done.total} cases{failed}"
            tell(done.done / done.total, f"{run}: {text}" if run else text)

        yield report
