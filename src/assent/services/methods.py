"""What methods are installed, and what each can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assent.core.errors import AssentError, ConfigError
from assent.methods import registry
from assent.methods.protocol import Method


@dataclass(frozen=True)
class MethodFacts:
    """One installed method.

    Attributes:
        name: As given to ``--method``.
        feedback: Kinds of answers it listens to.
        volumes: Whether it segments volumes.
        colour: Whether it uses colour.
        context: Whether finished images inform the next one.
        profile: Whether it learns a person's preference.
        needs_first_prompt: Whether somebody must say which object is meant.
        trainable: Whether it has weights that can be trained.
        weights: Digest of the weights in use; "" without.
        missing: Why it cannot be used here; "" when it can, and all above is empty otherwise.
    """

    name: str
    feedback: tuple[str, ...] = ()
    volumes: bool = False
    colour: bool = False
    context: bool = False
    profile: bool = False
    needs_first_prompt: bool = False
    trainable: bool = False
    weights: str = ""
    missing: str = ""


def method_names() -> list[str]:
    """Names of all installed methods; nothing is loaded."""
    return registry.names()


def build_method(name: str, settings: Mapping[str, Any], weights: Path | None) -> Method:
    """The method of that name, ready to use.

    Args:
        name: A registered name.
        settings: Settings of the method by field name.
        weights: A weights file, or None for the shipped ones.

    Raises:
        NotFoundError: If the name is not registered.
        MissingExtraError: If the method needs a package that is not installed.
        ConfigError: If a setting is wrong, or weights are named for a method without any.
        WeightsError: If the weights do not fit.
    """
    method = registry.build(name, settings=settings, weights=weights)
    if weights is not None and not method.weights_digest:
        raise ConfigError(
            f"The method {name!r} uses no weights as it is set up. Leave --weights out, or choose"
            " a method with weights; `assent methods` lists them."
        )
    return method


def list_methods(settings: Mapping[str, Mapping[str, Any]] | None = None) -> list[MethodFacts]:
    """Facts of all installed methods, those that cannot be used here included.

    Args:
        settings: Settings by name of the method.
    """
    return [_facts(name, (settings or {}).get(name, {})) for name in method_names()]


def facts_of(method: Method) -> MethodFacts:
    """What a method that is ready says of itself."""
    can = method.capabilities
    return MethodFacts(
        name=method.name,
        feedback=tuple(sorted(can.feedback)),
        volumes=can.volumes,
        colour=can.colour,
        context=can.context,
        profile=can.profile,
        needs_first_prompt=can.needs_first_prompt,
        trainable=can.trainable,
        weights=method.weights_digest,
    )


def _facts(name: str, settings: Mapping[str, Any]) -> MethodFacts:
    try:
        method = registry.build(name, settings=settings)
    except (AssentError, ImportError) as error:
        return MethodFacts(name, missing=str(error))
    return facts_of(method)
