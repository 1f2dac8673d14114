"""Settings from one TOML file and single values on top; resolved once, known by their digest.

A file has one table per method or command, named after it::

    [posterior]
    candidates = 6

    [bench]
    rounds = 10

``KEY=VALUE`` on a command line reads ``posterior.candidates=6``; a key without a table is a
setting of whichever method is used.
"""

import hashlib
import json
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assent.core.errors import ConfigError, FileFormatError, InputError

ANY_METHOD = ""
"""The table of keys that name no table."""


@dataclass(frozen=True)
class Settings:
    """Resolved settings.

    Attributes:
        tables: Values by key, by name of the method or command they belong to.
    """

    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, name: str) -> dict[str, Any]:
        """The table of a command; empty if there is none."""
        return dict(self.tables.get(name, {}))

    def of_method(self, name: str) -> dict[str, Any]:
        """What applies to a method: its own table, then keys that name no table."""
        return {**self.of(name), **self.of(ANY_METHOD)}

    @property
    def digest(self) -> str:
        """SHA-256 of the resolved values, in hexadecimal."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """A JSON-able description; dates become text."""
        plain: dict[str, Any] = json.loads(json.dumps(self.tables, default=str))
        return plain


def load_settings(
    file: Path | None = None, overrides: Sequence[str] = (), *, known: Collection[str]
) -> Settings:
    """Read a settings file and put single values on top.

    Args:
        file: TOML; None for none.
        overrides: ``KEY=VALUE`` each, the later ones win. A value is read as TOML, and as plain
            text where it is none.
        known: Names of tables that mean something.

    Raises:
        InputError: If the file does not exist or cannot be read.
        FileFormatError: If it is not TOML.
        ConfigError: If a table is unknown, or an override has no key or no value.
    """
    tables: dict[str, dict[str, Any]] = {}
    for name, value in ({} if file is None else _read(file)).items():
        if isinstance(value, dict):
            tables.setdefault(name, {}).update(value)
        else:
            tables.setdefault(ANY_METHOD, {})[name] = value
    for text in overrides:
        _put(tables, text)
    check_known("table of settings", set(tables) - {ANY_METHOD}, known)
    return Settings(tables)


def check_known(kind: str, given: Collection[str], known: Collection[str]) -> None:
    """Refuse names that mean nothing.

    Raises:
        ConfigError: Naming them, and all that are known.
    """
    if unknown := sorted(set(given) - set(known)):
        raise ConfigError(
            f"There is no {kind} named {', '.join(map(repr, unknown))}."
            f" Known: {', '.join(sorted(known)) or 'none'}."
        )


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileFormatError(
            f"{file.name} is not TOML: {error}. Correct it; a table looks like [posterior]."
        ) from error
    except OSError as error:
        raise InputError(
            f"The settings file {file.name} cannot be read: {error.strerror}. Check the path."
        ) from error


def _put(tables: dict[str, dict[str, Any]], text: str) -> None:
    key, equals, value = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not equals or not all(parts):
        raise ConfigError(
            f"--set {text} has no key or no value; expected KEY=VALUE, as in"
            " posterior.candidates=6."
        )
    if len(parts) == 1:
        parts.insert(0, ANY_METHOD)
    place: Any = tables
    for part in parts[:-1]:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise ConfigError(f"--set {text} names a key below {part!r}, which is a plain value.")
    place[parts[-1]] = _parse(value.strip())


def _parse(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
