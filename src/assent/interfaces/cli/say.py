"""The one place that prints."""

import json
import sys
from collections.abc import Sequence
from typing import Any

_UNLIMITED = 10_000


def say(text: str = "", *, error: bool = False) -> None:
    """Print a line: results on standard output, errors and remarks on standard error."""
    print(text, file=sys.stderr if error else sys.stdout, flush=True)


def naming(name: str, sentence: str) -> str:
    """A sentence about a file that names it once.

    >>> naming("masks/1.png", "1.png is empty."), naming("1.png", "There is no mask.")
    ('masks/1.png is empty.', '1.png: There is no mask.')
    """
    own = name.rpartition("/")[2]
    return name + sentence[len(own) :] if sentence.startswith(own) else f"{name}: {sentence}"


def say_json(value: Any) -> None:
    """Print a value for machines; NaN and infinity have no place in it."""
    say(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str))


def say_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table with aligned columns."""
    from rich.console import Console  # noqa: PLC0415 - a slow import
    from rich.table import Table  # noqa: PLC0415 - a slow import
    from rich.text import Text  # noqa: PLC0415 - a slow import

    table = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(columns), header_style=""
    )
    for column in columns:
        table.add_column(Text(column))
    for row in rows:
        table.add_row(*map(Text, row))
    # A pipe has no width: lines may be as long as they are.
    width = None if sys.stdout.isatty() else _UNLIMITED
    console = Console(file=sys.stdout, width=width, highlight=False)
    with console.capture() as printed:
        console.print(table)
    for line in printed.get().splitlines():
        say(line.rstrip())


def say_columns(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a wide table turned by a quarter: every row becomes a column."""
    head, *body = zip(columns, *rows, strict=True)
    say_table(head, body)
