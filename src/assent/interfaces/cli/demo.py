"""``assent demo``: a simulated person segments sample images, or yours, by choosing."""

from pathlib import Path
from typing import Annotated

import typer

from assent.interfaces.cli.progress import progress_bar, stoppable
from assent.interfaces.cli.say import naming, say, say_json, say_table
from assent.interfaces.cli.wiring import Given
from assent.services.demo import DemoConfig, run_demo
from assent.services.demo_page import BARE, COLUMNS, effort_rows, to_json

EXAMPLES = (
    "assent demo",
    "assent demo my-study --out looks --method geodesic",
)


def demo(  # noqa: PLR0913 - every option of the command is one
    *,
    folder: Annotated[
        Path | None, typer.Argument(help="Your images; samples that come along without it.")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for masks, contact sheets and the page.")
    ] = Path("demo"),
    method: Annotated[str, typer.Option(help="Method that proposes.")] = "posterior",
    weights: Annotated[Path | None, typer.Option(help="Weights other than those shipped.")] = None,
    label: Annotated[
        str | None, typer.Option(help="One target or one rater of the folder.")
    ] = None,
    images: Annotated[int, typer.Option(help="Images of the folder that are played at most.")] = 12,
    rounds: Annotated[int, typer.Option(help="Answers per image at most.")] = 8,
    target_dice: Annotated[
        float, typer.Option(help="Dice with which the simulated person is content.")
    ] = 0.9,
    seed: Annotated[int, typer.Option(help="Of the phantoms and of every random draw.")] = 0,
    given: Given,
) -> None:
    """Watch a simulated person segment sample images, or your own, by choosing.

    Writes masks in the geometry of the originals, a contact sheet per image round by round, an
    effort plot and a page with everything (index.html). Images of your folder that have a mask
    are played; for the others there is at most a proposal, since nobody knows what is wanted: open
    them with `assent serve FOLDER` and answer yourself.
    """
    config = DemoConfig(
        out=out,
        folder=folder,
        label=label,
        method=method,
        settings=given.settings.of_method(method),
        weights=weights,
        rounds=rounds,
        target_dice=target_dice,
        images=images,
        seed=seed,
    )
    kept = f"Finished images are in {out}, with a page that shows them."
    with progress_bar("demo", off=given.as_json) as tell, stoppable(kept):
        report = run_demo(config, lambda progress: tell(progress.done, progress.text))
    if given.as_json:
        say_json(to_json(report))
        return
    say_table(COLUMNS, effort_rows(report))
    for name, reason in report.passed_over:
        say(f"Passed over: {naming(name, reason)}", error=True)
    if report.has_bare:
        say(BARE)
    say(f"Open {out / 'index.html'} to see every round.")
