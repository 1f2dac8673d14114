"""Names to methods, by entry point; a method is imported when it is asked for."""

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, cast

from assent.core.errors import MissingExtraError, NotFoundError
from assent.methods.protocol import Method

GROUP = "assent.methods"
Factory = Callable[[Mapping[str, Any], Path | None], Method]


def names() -> list[str]:
    """All installed methods, sorted; nothing is imported."""
    return sorted(_installed())


def build(
    name: str, *, settings: Mapping[str, Any] | None = None, weights: Path | None = None
) -> Method:
    """The method of that name, ready to use.

    Args:
        name: A registered name.
        settings: Settings of the method by field name; unknown fields are refused.
        weights: A safetensors file, or None for the shipped weights.

    Raises:
        NotFoundError: If the name is not registered.
        MissingExtraError: If the method needs a package that is not installed.
        ConfigError: If a setting is unknown or out of range.
        WeightsError: If the weights do not fit.
    """
    installed = _installed()
    if name not in installed:
        raise NotFoundError("method", name, known=installed)
    try:
        factory = cast(Factory, installed[name].load())
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("assent"):
            raise
        raise MissingExtraError(
            f"The method {name!r} needs the package {error.name!r}."
            f" Install it with: pip install {error.name}"
        ) from error
    return factory(settings or {}, weights)


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
