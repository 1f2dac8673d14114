"""The command table; a command is imported when it is called."""

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pkgutil import resolve_name
from types import MappingProxyType
from typing import Annotated, Any

import typer

from assent.core.errors import AssentError, NotFoundError
from assent.interfaces.cli.say import say

COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "serve": ("serve:serve", "Open the annotation app on a folder of images."),
        "samples": ("samples:samples", "Write images to try the app on."),
        "segment": ("segment:segment", "Segment one image."),
        "propagate": ("propagate:propagate", "Segment a whole folder from finished examples."),
        "export": ("export:export", "Write the masks that were accepted in the app."),
        "demo": ("demo:demo", "Watch a simulated person segment samples, or your folder."),
        "bench": ("bench:bench", "Measure a method with a simulated annotator."),
        "bench suite": ("bench_suite:suite", "Run a named suite of such measurements."),
        "train": ("train:train", "Train the weights of a method."),
        "methods": ("methods:methods", "List methods and what they can do."),
        "weights list": ("weights:list_", "List the weights in the package."),
        "weights info": ("weights:info", "Tell what a weights file says about itself."),
        "data check": ("data:check", "See whether a folder of images and masks is sound."),
        "doctor": ("doctor:doctor", "See whether this machine is ready."),
    }
)
"""Module and function below this package, and one line of help, by name."""

HEAD = "Segment medical images by choosing, not drawing."
_APP: Mapping[str, Any] = MappingProxyType(
    {
        "add_completion": False,
        "rich_markup_mode": None,
        "pretty_exceptions_enable": False,
        "context_settings": {"help_option_names": ["-h", "--help"]},
    }
)
_EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        r"Input should be a valid integer": "a whole number",
        r"Input should be a valid number": "a number",
        r"Input should be greater than or equal to (\S+)": r"at least \1",
        r"Value error, .* is not one of (.*?)\.?$": r"one of \1",
    }
)
"""Beginnings of what the library below Typer says about a value, and what was expected."""
_HELP = frozenset({"--help", "-h"})


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 all is well, 2 something is wrong, 130 stopped."""
    sys.exit(run(sys.argv[1:] if argv is None else list(argv)))


def run(argv: list[str]) -> int:
    """Run one command and return its exit code; errors are one sentence on standard error."""
    try:
        return _dispatch(argv)
    except AssentError as error:
        say(str(error), error=True)
    except MemoryError:
        say("There is not enough memory for this. Use a smaller image.", error=True)
    except BrokenPipeError:
        # Whoever read the output has left; say nothing more, not even while closing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        what = error.filename or "A file"
        say(f"{what}: {error.strerror}. Check the path and its permissions.", error=True)
    except (typer.Abort, KeyboardInterrupt):
        say("Stopped.", error=True)
        return 130
    except Exception as error:
        # Typer's own errors (a missing option, say) share this method and no public base class.
        if not hasattr(error, "format_message"):
            raise
        say(_worded(error.format_message(), argv), error=True)
    return 2


def _worded(message: str, argv: Sequence[str]) -> str:
    """What Typer says of the words that were typed, without the words of the library below it.

    >>> _worded("Invalid value for '--rounds': Input should be a valid integer, …", ["--rounds=x"])
    "--rounds is 'x'; expected a whole number. See --help."
    """
    option, said = message, ""
    if named := re.fullmatch(r"Invalid value for '([^']+)': (.*)", message, re.DOTALL):
        option, said = named.groups()
    for pattern, expected in _EXPECTED.items():
        if wrong := re.match(pattern, said):
            found = _typed(option, argv)
            return f"{option} is {found!r}; expected {wrong.expand(expected)}. See --help."
    return f"{message.rstrip('. ')}. See --help."


def _typed(option: str, argv: Sequence[str]) -> str:
    """The last value that was typed for an option, beside it or after "="; "" if none was."""
    found = ""
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name == option:
            found = value if equals else following
    return found


def find(argv: Sequence[str]) -> tuple[str, list[str]]:
    """The command that the first words name, and what follows them; "" if they name none."""
    for words in (2, 1):
        name = " ".join(argv[:words])
        if len(argv) >= words and name in COMMANDS:
            return name, list(argv[words:])
    return "", list(argv)


def _dispatch(argv: list[str]) -> int:
    name, rest = find(argv)
    if name:
        app = command_app(name, "assent " + " ".join(argv))
    else:
        group = argv[0] if argv and not argv[0].startswith("-") else ""
        inside = [known for known in COMMANDS if known.startswith(f"{group} ")]
        if group and not (inside and _HELP.issuperset(argv[1:])):
            typed = argv[:2] if inside else argv[:1]
            raise NotFoundError("command", " ".join(typed), known=COMMANDS)
        app = _overview(inside or list(COMMANDS))
        rest = argv if argv and not group else ["--help"]
    prog_name = f"assent {name}".rstrip()
    return int(app(args=rest, prog_name=prog_name, standalone_mode=False) or 0)


def command_app(name: str, command_line: str) -> typer.Typer:
    """One command with the options that all share."""
    from assent.interfaces.cli.wiring import Command, table_of, wire  # noqa: PLC0415 - slow

    place, _ = COMMANDS[name]
    module, _, function = place.partition(":")
    loaded = resolve_name(f"assent.interfaces.cli.{module}")
    found: Callable[..., None] = getattr(loaded, function)
    command = Command(
        name,
        found,
        extra=getattr(loaded, "SETTINGS", ()),
        tables=[table_of(each) for each in COMMANDS],
    )
    examples = "\n".join(f"  {line}" for line in getattr(loaded, "EXAMPLES", ()))
    app = typer.Typer(**_APP)
    app.command(name, epilog=f"\b\nExamples:\n{examples}" if examples else None)(
        wire(command, command_line)
    )
    return app


def _overview(names: Sequence[str]) -> typer.Typer:
    """What there is; its commands are never run from here."""
    app = typer.Typer(**_APP)

    @app.callback(help=f"{HEAD} Every command has --help with examples.")
    def root(
        show: Annotated[
            bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Version.")
        ] = False,
    ) -> None:
        """Carries the options of the program itself."""

    for name in names:
        app.command(name, help=COMMANDS[name][1])(_nothing)
    return app


def _nothing() -> None:
    """Stands for a command in the overview."""


def _say_version(wanted: bool) -> None:
    if wanted:
        say(version("assent"))
        raise typer.Exit()
