"""``assent weights``: what is shipped, and what a file says about itself."""

import re
from collections.abc import Collection
from typing import Annotated, Any

import typer

from assent.interfaces.cli.say import say, say_json, say_table
from assent.interfaces.cli.wiring import Given
from assent.services.weights import list_weights, weights_info

EXAMPLES = (
    "assent weights list",
    "assent weights info posterior",
    "assent weights info my.safetensors",
)


def list_(*, given: Given) -> None:
    """List the weights in the package: size, digest, licence, number of training sets."""
    found = list_weights()
    if given.as_json:
        say_json(found)
    elif not found:
        say("No weights are shipped with this version.")
    else:
        say_table(["weights", "MiB", "sha256", "licence", "trained on"], [_row(f) for f in found])
        say("Sets and figures by name: assent weights info NAME")


def info(
    name: Annotated[str, typer.Argument(help="Shipped weights by name, or a .safetensors file.")],
    *,
    given: Given,
) -> None:
    """Tell what weights say about themselves: architecture, sets, split, command, figures."""
    facts = weights_info(name)
    if given.as_json:
        say_json(facts)
        return
    sets = {_name(each) for each in facts.get("sets") or ()}
    say_table(["", ""], [[key, _told(key, facts[key], sets)] for key in sorted(facts)])


def _row(facts: dict[str, Any]) -> list[str]:
    sets = facts.get("sets") or ()
    return [
        str(facts["name"]),
        f"{facts.get('bytes', 0) / 2**20:.1f}",
        str(facts.get("sha256", ""))[:12],
        str(facts.get("licence", "")),
        "1 set" if len(sets) == 1 else f"{len(sets)} sets",
    ]


def _told(key: str, value: Any, sets: Collection[str]) -> str:
    """A fact in one line; what names the sets again is shortened, since they stand on their own.

    ``--json`` has everything.
    """
    if key == "command":
        return _without_data(str(value))
    if key == "tasks" and isinstance(value, list):
        names = [str(task) for task in value]
        known = sum(name.partition("/")[0] in sets for name in names)
        return (
            f"{len(names)} in these sets; --json names them"
            if known == len(names)
            else ", ".join(names)
        )
    return _short(value)


def _without_data(command: str) -> str:
    """A command line whose data folders are counted.

    >>> _without_data("train unet --data a --data b --steps 2")
    'train unet --data … (2 folders) --steps 2'
    >>> _without_data("train unet --data a --steps 2")
    'train unet --data a --steps 2'
    """
    folders = re.findall(r"--data[ =]\S+", command)
    if len(folders) < 2:
        return command
    rest = command.replace(folders[0], f"--data … ({len(folders)} folders)", 1)
    for folder in folders[1:]:
        rest = rest.replace(f"{folder} ", "", 1)
    return rest


def _short(value: Any) -> str:
    """Readable for people: names of sets, four figures of a number, the size of a matrix.

    >>> _short({"choice": {"beta": 20.0}, "fit": [1.54978, 1.0], "within": [[1.0, 0.0]] * 12})
    'choice (beta 20), fit [1.55, 1], within (12 x 2 numbers)'
    """
    match value:
        case float():
            return f"{value:.4g}"
        case dict():
            return ", ".join(f"{key} {_inside(each)}" for key, each in value.items())
        case [[float(), *_] as row, *_] if all(isinstance(x, float) for x in row):
            return f"({len(value)} x {len(row)} numbers)"
        case list():
            return ", ".join(_name(each) for each in value)
    return str(value)


def _inside(value: Any) -> str:
    """A value within another one: in brackets, unless it is plain."""
    if isinstance(value, dict):
        return f"({_short(value)})"
    told = _short(value)
    return f"[{told}]" if isinstance(value, list) and not told.startswith("(") else told


def _name(value: Any) -> str:
    """Of a set, its name; the rest as text."""
    if isinstance(value, dict) and "name" in value:
        return str(value["name"])
    return _inside(value)
