"""``assent segment``: one image, no server."""

from pathlib import Path
from typing import Annotated

import typer

from assent.core.progress import listening
from assent.interfaces.cli.progress import progress_bar
from assent.interfaces.cli.say import say, say_json
from assent.interfaces.cli.wiring import Given
from assent.services import context
from assent.services.profile import ProfileChoice
from assent.services.segment import Segmented, SegmentRequest
from assent.services.segment import segment as run

EXAMPLES = (
    "assent segment photo.png --click 60,64,+ --out mask.png",
    "assent segment scan.nii.gz --box 10,40,32,24,96,90 --candidates looks",
    "assent segment scan.dcm --context finished --json",
    "assent segment ct-series --click 40,200,180,+ --out liver.dcm",
)


def segment(  # noqa: PLR0913 - every option is one
    *,
    image: Annotated[Path, typer.Argument(help="A file, or the folder of a DICOM series.")],
    series: Annotated[
        int | None,
        typer.Option(min=1, help="Which DICOM series of a folder that holds several."),
    ] = None,
    method: Annotated[str, typer.Option(help="Name of the method.")] = "posterior",
    click: Annotated[
        list[str] | None,
        typer.Option(metavar="Z,Y,X,+/-", help="A voxel inside (+) or outside (-); repeatable."),
    ] = None,
    box: Annotated[
        str | None,
        typer.Option(metavar="Z0,Y0,X0,Z1,Y1,X1", help="A box; its end lies just beyond."),
    ] = None,
    scribble: Annotated[
        Path | None, typer.Option(help="A drawing: 1 is inside, 2 is outside; or a JSON list.")
    ] = None,
    context_: Annotated[
        Path | None, typer.Option("--context", help="Finished examples: images/ and masks/.")
    ] = None,
    profile: Annotated[
        str,
        typer.Option(metavar="on/off/FILE", help="Examples also say how you draw; or a saved one."),
    ] = "on",
    profile_out: Annotated[Path | None, typer.Option(help="File for the profile, JSON.")] = None,
    out: Annotated[Path | None, typer.Option(help="The mask; its suffix names the format.")] = None,
    candidates: Annotated[
        Path | None, typer.Option(help="Folder for every alternative and a contact sheet.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights other than the shipped.")] = None,
    given: Given,
) -> None:
    """Segment one image: the recommended mask, what it is expected to be worth, alternatives."""
    request = SegmentRequest(
        image=image,
        series=series,
        method=method,
        clicks=tuple(click or ()),
        box=box,
        scribble=scribble,
        context=context_,
        label=context.label_of(given.settings.of(context.TABLE)),
        profile=ProfileChoice(profile, profile_out),
        out=out,
        candidates=candidates,
        weights=weights,
        settings=given.settings.of_method(method),
    )
    with progress_bar("segmenting", off=given.as_json) as tell, listening(tell):
        result = run(request)
    if given.as_json:
        say_json(result.to_json())
    else:
        _tell(result)


def _tell(result: Segmented) -> None:
    say(f"{result.mask.file}  predicted Dice {result.mask.predicted_dice:.2f}")
    if not result.proposal.recommended.any():
        say("The mask is empty: nothing fits. Add a click inside the object.", error=True)
    if result.profile:
        say(f"  your profile {result.profile}")
    for number, (tag, score) in enumerate(
        zip(result.proposal.tags, result.proposal.scores, strict=True), start=1
    ):
        say(f"  alternative {number}: {tag}  predicted Dice {score:.2f}")
    if result.sheet is not None:
        say(f"  {len(result.candidates)} masks and {result.sheet}")
