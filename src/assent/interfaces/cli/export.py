"""``assent export``: finished masks as files."""

from pathlib import Path
from typing import Annotated

import typer

from assent.interfaces.cli.progress import progress_bar
from assent.interfaces.cli.say import naming, say, say_json
from assent.interfaces.cli.wiring import Given
from assent.services.hosting import export_kept

EXAMPLES = (
    "assent export --out masks",
    "assent export --project my-study --target nucleus --out masks",
)


def export(
    *,
    out: Annotated[Path, typer.Option(help="Folder for masks and provenance.json.")],
    project: Annotated[
        str | None, typer.Option(help="Name of the project, where there are several.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="What the masks show, where there are several.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where answers are kept: a file or a URL; assent-work/assent.db without it.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where masks are kept: a folder or s3://…; blobs beside the database without it.",
        ),
    ] = None,
    given: Given,
) -> None:
    """Write the masks that were accepted in the annotation app, on the grid of their images.

    Beside them, provenance.json tells who or which rule accepted what, and how it was made. It
    may run while the server does.
    """
    with progress_bar("export", off=given.as_json) as tell:
        done = export_kept((database, store), project, target, out, tell)
    if given.as_json:
        say_json({"masks": list(done.masks), "problems": list(done.problems)})
        return
    for name, reason in done.problems:
        say(f"Passed over: {naming(name, reason)}", error=True)
    say(f"{done.sentence} They are in {out}.")
