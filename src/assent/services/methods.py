"""What methods are installed, and what each can do."""

from dataclasses import dataclass
from typing import Any

from assent.core.errors import AssentError
from assent.methods import registry


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


def list_methods(settings: dict[str, dict[str, Any]] | None = None) -> list[MethodFacts]:
    """Facts of all installed methods, those that cannot be used here included.

    Args:
        settings: Settings by name of the method.
    """
    return [_facts(name, (settings or {}).get(name, {})) for name in method_names()]


def _facts(name: str, settings: dict[str, Any]) -> MethodFacts:
    try:
        method = registry.build(name, settings=settings)
    except (AssentError, ImportError) as error:
        return MethodFacts(name, missing=str(error))
    can = method.capabilities
    return MethodFacts(
        name=name,
        feedback=tuple(sorted(can.feedback)),
        volumes=can.volumes,
        colour=can.colour,
        context=can.context,
        profile=can.profile,
        needs_first_prompt=can.needs_first_prompt,
        trainable=can.trainable,
        weights=method.weights_digest,
    )
