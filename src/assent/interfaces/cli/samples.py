"""``assent samples``: images to try the app on."""

from pathlib import Path
from typing import Annotated

import typer

from assent.interfaces.cli.say import say, say_json, say_table
from assent.interfaces.cli.wiring import Given
from assent.services.sample_folder import FOLDER, NOTE, write_samples

EXAMPLES = (
    "assent samples",
    "assent samples elsewhere",
)


def samples(
    folder: Annotated[Path, typer.Argument(help="Where they are written.")] = FOLDER,
    *,
    given: Given,
) -> None:
    """Write sample images: real ones that installed libraries carry, and synthetic phantoms.

    Each set is a data folder with what is to be segmented in it. A set that is there already stays
    as it is.
    """
    sets = write_samples(folder)
    if given.as_json:
        say_json([{"folder": s.name, "labels": s.labels, "about": s.about} for s in sets])
        return
    say_table(["", "", ""], [[str(folder / s.name), s.labels[0], s.about] for s in sets])
    say(NOTE)
