"""All that is needed to do a session again: digests, seed, context, prior and history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assent.core import feedback as feedback_json
from assent.core.errors import InputError
from assent.core.feedback import Feedback
from assent.methods.protocol import Prior

VERSION = 1
"""Of the JSON layout."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionRecord:
    """A session as it is stored. No image, mask or state is in it, except edited masks.

    Attributes:
        image_id: ``Image.content_id`` of the image.
        method: Name of the method.
        weights_digest: Of the method's weights; "" without weights.
        settings_digest: Of the method's resolved settings.
        seed: Of every random draw.
        context_ids: Ids of the context entries, in order.
        prior: The person's profile at the start, or None.
        history: Answers that hold, oldest first.
        undone: Answers taken back that ``redo`` would bring again, next first.
    """

    image_id: str
    method: str
    weights_digest: str
    settings_digest: str
    seed: int
    context_ids: tuple[str, ...] = ()
    prior: Prior | None = None
    history: tuple[Feedback, ...] = ()
    undone: tuple[Feedback, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON-able description."""
        return {
            "version": VERSION,
            "image_id": self.image_id,
            "method": self.method,
            "weights_digest": self.weights_digest,
            "settings_digest": self.settings_digest,
            "seed": self.seed,
            "context_ids": list(self.context_ids),
            "prior": None if self.prior is None else dict(self.prior),
            "history": [feedback_json.to_json(f) for f in self.history],
            "undone": [feedback_json.to_json(f) for f in self.undone],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "SessionRecord":
        """The record that ``to_json`` described.

        Raises:
            InputError: If a field is missing or the layout is of another version.
        """
        if value.get("version") != VERSION:
            raise InputError(
                f"This session was stored with layout {value.get('version')!r}; expected {VERSION}."
                " Open it with the version of assent that wrote it."
            )
        try:
            return cls(
                image_id=str(value["image_id"]),
                method=str(value["method"]),
                weights_digest=str(value["weights_digest"]),
                settings_digest=str(value["settings_digest"]),
                seed=int(value["seed"]),
                context_ids=tuple(str(i) for i in value["context_ids"]),
                prior=value["prior"],
                history=tuple(feedback_json.from_json(f) for f in value["history"]),
                undone=tuple(feedback_json.from_json(f) for f in value.get("undone", ())),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"A stored session lacks or misstates a field: {error}.") from error

    def differences(self, other: "SessionRecord") -> list[str]:
        """Which of image, method, digests and context differ; [] when nothing does."""
        pairs = {
            "image": (self.image_id, other.image_id),
            "method": (self.method, other.method),
            "weights digest": (self.weights_digest, other.weights_digest),
            "settings digest": (self.settings_digest, other.settings_digest),
            "context": (self.context_ids, other.context_ids),
        }
        return [
            f"{name} (stored {_short(mine)}, given {_short(theirs)})"
            for name, (mine, theirs) in pairs.items()
            if mine != theirs
        ]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
