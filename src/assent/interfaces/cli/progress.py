"""Progress of long commands, and what happens when they are stopped."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from assent.interfaces.cli.say import say

Tell = Callable[[float, str], None]
"""Told the share done in [0, 1], and what happens now."""


@contextmanager
def progress_bar(title: str, *, off: bool) -> Iterator[Tell]:
    """A bar on standard error while the block runs; nothing where nobody watches.

    Args:
        title: What is going on.
        off: Whether output is for machines.
    """
    if off or not sys.stderr.isatty():
        yield lambda done, text: None
        return
    from rich import progress  # noqa: PLC0415 - a slow import
    from rich.console import Console  # noqa: PLC0415 - a slow import

    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.TextColumn("{task.percentage:>3.0f} %"),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[text]}", markup=False),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(title, total=1.0, text="")
        yield lambda done, text: shown.update(task, completed=done, text=text)


@contextmanager
def stoppable(kept: str) -> Iterator[None]:
    """Turn Ctrl-C within the block into a sentence and the usual exit code.

    Args:
        kept: What is there already, and how to go on.
    """
    try:
        yield
    except KeyboardInterrupt:
        say(f"Stopped. {kept}", error=True)
        raise typer.Exit(130) from None
