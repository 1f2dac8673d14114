"""Settings by name to the frozen dataclass of a method."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar

from assent.core.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

C = TypeVar("C", bound="DataclassInstance")


def to_config(kind: type[C], settings: Mapping[str, Any]) -> C:
    """The settings as an instance of ``kind``; what is not named keeps its default.

    Raises:
        ConfigError: If a name is unknown or a value is refused by ``kind``.
    """
    known = {field.name for field in fields(kind)}
    unknown = sorted(set(settings) - known)
    if unknown:
        raise ConfigError(
            f"There is no setting {unknown[0]!r} here; expected one of {', '.join(sorted(known))}."
        )
    try:
        return kind(**settings)
    except (TypeError, ValueError) as error:
        given = ", ".join(f"{name}={value!r}" for name, value in settings.items())
        raise ConfigError(f"A setting has the wrong kind of value in {given}: {error}.") from error


def config_digest(config: "DataclassInstance") -> str:
    """SHA-256 of all fields, in hexadecimal."""
    return hashlib.sha256(repr(sorted(asdict(config).items())).encode()).hexdigest()
