"""The web page, as it was built into the package."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles

BUILT = Path(__file__).parents[1] / "web" / "dist"

MISSING = """The server works, but the web page is not built yet.

Build it with "make web" (Node 20 or newer), then reload. The interface for programs is at /api/v1.
"""


def install(app: FastAPI, built: Path = BUILT) -> None:
    """Serve the page at the root, or say how to build it.

    Args:
        app: Its other routes go first.
        built: Where the page was built.
    """
    if (built / "index.html").is_file():
        app.mount("/", StaticFiles(directory=built, html=True), name="page")
        return

    @app.get("/", include_in_schema=False)
    def page() -> PlainTextResponse:
        return PlainTextResponse(MISSING)
