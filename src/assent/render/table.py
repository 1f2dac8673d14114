"""Results as a Markdown table that also reads well as plain text."""

from collections.abc import Sequence


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with padded columns; all but the first are aligned to the right.

    >>> print(markdown_table(["image", "Dice"], [["CT", "0.91"], ["phantom", "0.9"]]))
    | image   | Dice |
    | ------- | ---: |
    | CT      | 0.91 |
    | phantom |  0.9 |
    """
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (columns, *rows)]
    widths = [max(3, *(len(row[i]) for row in cells)) for i in range(len(columns))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    head, *body = ["| " + " | ".join(_padded(row, widths)) + " |" for row in cells]
    return "\n".join([head, "| " + " | ".join(rule) + " |", *body])


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first = row[0].ljust(widths[0])
    return [first, *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
