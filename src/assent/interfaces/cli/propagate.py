"""``assent propagate``: a whole folder from finished examples."""

from pathlib import Path
from typing import Annotated

import typer

from assent.interfaces.cli.progress import progress_bar
from assent.interfaces.cli.say import naming, say, say_json, say_table
from assent.interfaces.cli.wiring import Given
from assent.services import context
from assent.services.profile import ProfileChoice
from assent.services.propagate import PropagateRequest
from assent.services.propagate import propagate as run
from assent.services.review import Propagated

EXAMPLES = (
    "assent propagate finished new --out masks",
    "assent propagate finished new --out masks --auto-accept-risk 0.05",
)
SHOWN = 10


def propagate(  # noqa: PLR0913 - every option is one
    *,
    context_dir: Annotated[Path, typer.Argument(help="Finished examples: images/ and masks/.")],
    images_dir: Annotated[Path, typer.Argument(help="Images to be done.")],
    out: Annotated[Path, typer.Option(help="Folder for masks and the review list.")],
    auto_accept_risk: Annotated[
        float | None,
        typer.Option(help="Share of all images that may be accepted unseen and be bad."),
    ] = None,
    auto_accept_confidence: Annotated[
        float | None,
        typer.Option(help="How sure of that, as in 0.95; takes more finished images."),
    ] = None,
    method: Annotated[str, typer.Option(help="Name of the method.")] = "posterior",
    profile: Annotated[
        str,
        typer.Option(metavar="on/off/FILE", help="Examples also say how you draw; or a saved one."),
    ] = "on",
    profile_out: Annotated[Path | None, typer.Option(help="File for the profile, JSON.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights other than the shipped.")] = None,
    given: Given,
) -> None:
    """Segment a folder as the finished examples suggest, and list what a person should look at.

    Stopped in the middle, the finished masks stay, and the same command goes on.
    """
    request = PropagateRequest(
        context=context_dir,
        images=images_dir,
        out=out,
        auto_accept_risk=auto_accept_risk,
        auto_accept_confidence=auto_accept_confidence,
        method=method,
        label=context.label_of(given.settings.of(context.TABLE)),
        profile=ProfileChoice(profile, profile_out),
        weights=weights,
        settings=given.settings.of_method(method),
    )
    with progress_bar("propagating", off=given.as_json) as tell:
        result = run(request, tell)
    if given.as_json:
        say_json(result.to_json())
    else:
        _tell(result, out)
    for row in result.rows:
        if row.error:
            say(naming(row.image, row.error), error=True)
    if result.is_interrupted:
        say(
            f"Stopped after {len(result.rows)} of {result.images} images. Their masks are kept;"
            " the same command goes on.",
            error=True,
        )
        raise typer.Exit(130)
    if result.count("failed"):
        raise typer.Exit(2)


def _tell(result: Propagated, out: Path) -> None:
    states = ("accepted", "review", "edited", "failed")
    counted = [f"{result.count(state)} {state}" for state in states if result.count(state)]
    say(f"{len(result.rows)} of {result.images} images: {', '.join(counted) or 'none done'}.")
    if result.profile:
        say(f"Whoever drew the examples {result.profile}.")
    if result.remark:
        say(result.remark)
    waiting = [row for row in result.to_review if row.state == "review"][:SHOWN]
    if waiting:
        say("Look at these first:")
        rows = [[row.mask, f"{row.predicted_dice or 0.0:.2f}"] for row in waiting]
        say_table(["mask", "predicted Dice"], rows)
    say(f"All of it: {out / 'review.csv'}")
