"""``assent weights``: what is shipped, and what a file says about itself."""

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
    """List the weights in the package: size, digest, licence, training sets."""
    found = list_weights()
    if given.as_json:
        say_json(found)
    elif not found:
        say("No weights are shipped with this version.")
    else:
        say_table(["weights", "MiB", "sha256", "licence", "trained on"], [_row(f) for f in found])


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
    say_table(["", ""], [[key, _plain(value)] for key, value in sorted(facts.items())])


def _row(facts: dict[str, Any]) -> list[str]:
    return [
        str(facts["name"]),
        f"{facts.get('bytes', 0) / 2**20:.1f}",
        str(facts.get("sha256", ""))[:12],
        str(facts.get("licence", "")),
        _plain(facts.get("sets", "")),
    ]


def _plain(value: Any) -> str:
    """Lists of sets by their names, the rest as it is."""
    if isinstance(value, list):
        return ", ".join(str(v.get("name", v)) if isinstance(v, dict) else str(v) for v in value)
    return str(value)
