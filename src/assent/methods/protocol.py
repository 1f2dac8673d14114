"""What a method is: six verbs, no base class.

A method owns weights and settings, never an annotator's work. All it learns from feedback is
in the state it returns, so undo is "go back one state", replay is a fold over the feedback,
and two methods compare on one history.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from assent.core.candidates import Proposal
from assent.core.case import TaskSource
from assent.core.context import ContextEntry
from assent.core.feedback import Feedback
from assent.core.image import Image

FeedbackKind = Literal["pick", "judge", "click", "scribble", "box", "accept"]

Embedding = Any
"""Per-image computation of a method; opaque to everyone else."""

Memory = Any
"""One context entry as a method remembers it; opaque to everyone else."""

State = Any
"""All that a method knows about one annotator's work on one image; an immutable value."""

Prior = Mapping[str, Any]
"""A person's profile: JSON-able numbers."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a method can do.

    Attributes:
        feedback: Kinds of answers it listens to.
        volumes: Whether it segments volumes, not slices only.
        colour: Whether it uses RGB (otherwise RGB is turned into gray).
        context: Whether finished images inform the next one.
        profile: Whether it learns a person's preference across images.
        needs_first_prompt: Whether somebody must say which object is meant when there is
            no context.
        trainable: Whether it has weights that can be trained.
    """

    feedback: frozenset[FeedbackKind]
    volumes: bool
    colour: bool
    context: bool
    profile: bool
    needs_first_prompt: bool
    trainable: bool = False


class Method(Protocol):
    """Turns an image and an annotator's feedback into candidate masks."""

    @property
    def name(self) -> str:
        """The registered name, as in "posterior"."""

    @property
    def capabilities(self) -> Capabilities:
        """What this method can do."""

    @property
    def weights_digest(self) -> str:
        """SHA-256 of the weights file; "" for a method without weights."""

    @property
    def settings_digest(self) -> str:
        """Digest of the resolved settings."""

    def embed(self, image: Image) -> Embedding:
        """Per-image computation, cached by image id and weights digest."""

    def remember(self, entry: ContextEntry) -> Memory:
        """Encode one finished example, once.

        Raises:
            InputError: If its image cannot stand beside the others (other channels, say).
        """

    def begin(
        self, embedding: Embedding, *, memory: Sequence[Memory], prior: Prior | None, seed: int
    ) -> State:
        """The state before any answer."""

    def propose(self, embedding: Embedding, state: State, *, page: int = 0) -> Proposal:
        """What to show. Same state and page, same proposal; pages hold further alternatives."""

    def update(self, embedding: Embedding, state: State, feedback: Feedback) -> State:
        """A new state that has heard the feedback; the given one is left untouched.

        Raises:
            InputError: If the feedback refers to something that was not on offer or outside.
        """

    def learn(self, states: Sequence[State]) -> Prior:
        """A profile from finished states of one person."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How to train, whatever the method.

    Attributes:
        out: Where the weights go (safetensors); checkpoints and curves are written beside it.
        steps: Number of optimiser steps, or None for ``minutes``.
        minutes: Wall-clock budget, or None for ``steps``.
        device: "auto", "cpu", "cuda" or "cuda:1".
        seed: Of every random draw.
        fold: Turn of the split under which the cases come; recorded in the weights' metadata.
        checkpoint_minutes: How often a checkpoint is written.
        command: Recorded in the weights' metadata.
        settings: Further settings of the method's training, by name.
    """

    out: Path
    steps: int | None = None
    minutes: float | None = None
    device: str = "auto"
    seed: int = 0
    fold: int = 0
    checkpoint_minutes: float = 3.0
    command: str = ""
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Progress:
    """One line of a training log: step, share done in [0, 1], and named figures.

    ``doing`` names what follows the steps, such as "fitting constants"; ``done`` is then its
    share. While steps are made it is empty. ``note`` is what a person should read, once.
    """

    step: int
    done: float
    figures: Mapping[str, float]
    doing: str = ""
    note: str = ""


Report = Callable[[Progress], None]
"""Called often while training; raising KeyboardInterrupt in it stops cleanly."""


@runtime_checkable
class Trainable(Protocol):
    """A method whose weights can be trained."""

    def train(
        self, tasks: Sequence[TaskSource], config: TrainConfig, report: Report, resume: Path | None
    ) -> Path:
        """Train from scratch or from a checkpoint, write weights, and return their path."""
