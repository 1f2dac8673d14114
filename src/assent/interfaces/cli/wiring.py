"""What every command has: --config, --set, --json, and Ctrl-C that ends in a sentence."""

import functools
import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from assent.interfaces.cli.progress import stoppable
from assent.services import context, settings, train
from assent.services.methods import method_names
from assent.services.settings import Settings


@dataclass(frozen=True)
class Given:
    """What a command is given besides its own options.

    Attributes:
        settings: Of the file and of single values.
        as_json: Whether results are for machines.
        command_line: What was typed, for the record.
    """

    settings: Settings
    as_json: bool
    command_line: str


@dataclass(frozen=True)
class Command:
    """A command before it is wired.

    Attributes:
        name: As typed, as in "weights list".
        run: Its function; a parameter named ``given`` receives a ``Given``.
        extra: Settings that its table may hold besides its options.
        tables: Names of the tables of all commands.
    """

    name: str
    run: Callable[..., None]
    extra: Collection[str]
    tables: Collection[str]

    @property
    def table(self) -> str:
        """Name of its table of settings."""
        return table_of(self.name)


def table_of(name: str) -> str:
    """The table of settings of a command.

    >>> table_of("bench suite")
    'bench-suite'
    """
    return name.replace(" ", "-")


def wire(command: Command, command_line: str) -> Callable[..., None]:
    """The function of a command with the options that all of them have.

    Values of the command's table stand in for options that were not typed.
    """
    parts: dict[str, Any] = {}

    def take_file(ctx: typer.Context, value: Path | None) -> None:
        parts["file"] = value
        _resolve(ctx, command, parts)

    def take_values(ctx: typer.Context, value: list[str] | None) -> None:
        parts["values"] = value or []
        _resolve(ctx, command, parts)

    def shared(
        config: Annotated[
            Path | None,
            typer.Option(
                callback=take_file, is_eager=True, metavar="FILE", help="Settings in TOML."
            ),
        ] = None,
        set_: Annotated[
            list[str] | None,
            typer.Option(
                "--set",
                callback=take_values,
                is_eager=True,
                metavar="KEY=VALUE",
                help="One setting, as in posterior.candidates=6; repeatable.",
            ),
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help="Print the result as JSON, without progress.")
        ] = False,
    ) -> None:
        """Carries the parameters; never called."""

    own = inspect.signature(command.run).parameters
    common = inspect.signature(shared).parameters

    @functools.wraps(command.run)
    def run(**values: Any) -> None:
        given = Given(parts["settings"], bool(values.pop("as_json")), command_line)
        for name in ("config", "set_"):
            values.pop(name)
        with stoppable("What was written before is whole; nothing else was changed."):
            command.run(**values, **({"given": given} if "given" in own else {}))

    kept = [*(p for p in own.values() if p.name != "given"), *common.values()]
    shown = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in kept]
    run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in shown}
    del run.__wrapped__
    return run


def _resolve(ctx: typer.Context, command: Command, parts: dict[str, Any]) -> None:
    """Once both options are known: settings, and defaults for what was not typed."""
    if "file" not in parts or "values" not in parts or ctx.resilient_parsing:
        return
    known = {*command.tables, *method_names(), context.TABLE, train.TABLE}
    found = settings.load_settings(parts["file"], parts["values"], known=known)
    parts["settings"] = found
    options = {p.name: p for p in ctx.command.params if p.name not in {"config", "set_", "as_json"}}
    table = found.of(command.table)
    own = {key.replace("-", "_"): value for key, value in table.items()}
    names = {str(name).rstrip("_") for name in options}
    settings.check_known(f"setting of assent {command.name}", own, {*names, *command.extra})
    ctx.default_map = {
        str(name): _typed(own[str(name).rstrip("_")], option)
        for name, option in options.items()
        if str(name).rstrip("_") in own
    }


def _typed(value: Any, option: Any) -> Any:
    """A value as it would have been typed: on and off where the option is no mere flag."""
    if isinstance(value, bool) and not getattr(option, "is_flag", False):
        return "on" if value else "off"
    return value
