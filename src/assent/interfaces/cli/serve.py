"""``assent serve``: the annotation app on a folder of images."""

import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from assent.interfaces.cli.say import say
from assent.interfaces.cli.wiring import Given
from assent.services.hosting import Hosting, open_workspace, token_for
from assent.services.uploads import MOST_BYTES, Rules

GB = 2**30
EXAMPLES = (
    "assent serve my-study",
    "assent serve my-study --target nucleus --port 9000",
)


def serve(  # noqa: PLR0913 - every option of the command is one
    *,
    folder: Annotated[Path, typer.Argument(help="Your images; they are only read.")] = Path(),
    target: Annotated[
        str | None,
        typer.Option(
            help="What is to be segmented; added to what is known of the folder. Where it is new:"
            " what its dataset.json says, else 'object'."
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8642,
    token: Annotated[
        str | None,
        typer.Option(help="Asked of everybody; ASSENT_TOKEN without it. Needed off loopback."),
    ] = None,
    method: Annotated[str, typer.Option(help="Method that proposes.")] = "posterior",
    weights: Annotated[Path | None, typer.Option(help="Weights other than those shipped.")] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where answers are kept: a file or a URL; assent-work/assent.db without it, or"
            " .assent in the folder where it has one, as samples do.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where masks are kept: a folder or s3://…; blobs beside the database without it.",
        ),
    ] = None,
    upload_gb: Annotated[
        float, typer.Option(min=0.001, help="The most that one file may have that is sent.")
    ] = MOST_BYTES / GB,
    de_identify: Annotated[
        bool,
        typer.Option(
            "--de-identify",
            help="Keep DICOM files that are sent only de-identified (DICOM PS3.15, Basic Profile),"
            " under neutral names. Pixels stay, and so does what is burned into them; your folder"
            " and files of other kinds stay as they are.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Of every random draw.")] = 0,
    open_: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page, where there is a screen.")
    ] = False,
    given: Given,
) -> None:
    """Serve the annotation app on a folder of images.

    What is acknowledged is on disk: the server may be stopped or killed at any moment, and goes on
    where it was. Each start looks for new and changed images. Originals are never written.
    """
    from assent.interfaces.rest.running import run  # noqa: PLC0415 - --help needs no server

    asked = token_for(host, token)
    hosting = Hosting(
        folder=folder,
        target=target,
        method=method,
        settings=given.settings.of_method(method),
        weights=weights,
        database=database,
        blobs=store,
        seed=seed,
        sending=Rules(int(upload_gb * GB), deidentify=de_identify),
    )
    # A thread that waits must not take the processor from one that works.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    remarks: list[str] = []
    workspace = open_workspace(hosting, remarks.append)

    def tell(address: str) -> None:
        say(f"Assent is at {address} (Ctrl-C stops it)")
        for remark in remarks:
            say(remark)
        if open_ and _has_screen():
            webbrowser.open(address)

    run(workspace, host, port, token=asked, tell=tell)


def _has_screen() -> bool:
    """Whether a browser would open a window; one in the terminal would hide what is said there."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
