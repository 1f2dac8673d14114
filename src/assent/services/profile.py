"""How a person draws: learned from their finished examples, or read from a file."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assent.core.context import ContextEntry
from assent.core.errors import FileFormatError, InputError
from assent.io.atomic import check_writable, write_json
from assent.methods.protocol import Method, Prior
from assent.sessions.task import Task

ON, OFF = "on", "off"

MOST, MOST_VOLUMES = 16, 4
"""Examples that teach a profile, spread over all; a volume takes long and much memory."""


@dataclass(frozen=True)
class ProfileChoice:
    """Which profile is used, and where it goes.

    Attributes:
        use: "on" learns it from the finished examples, "off" uses none, anything else is a file
            that was written before.
        out: File to write it to, or None.
    """

    use: str = ON
    out: Path | None = None

    @property
    def file(self) -> Path | None:
        """The file that is named, if one is."""
        return None if self.use in {ON, OFF} else Path(self.use)


def check_choice(choice: ProfileChoice, method: Method, *, has_examples: bool) -> None:
    """See, before any work, that the choice means something.

    Raises:
        InputError: If the method learns no profile, there is nothing to write, or the folder
            cannot be written.
    """
    if not method.capabilities.profile and (choice.file or choice.out):
        raise InputError(
            f"The method {method.name!r} learns no profile. Leave --profile and --profile-out out,"
            " or choose a method with a profile; `assent methods` lists them."
        )
    if choice.out is None:
        return
    if choice.use == OFF or (choice.use == ON and not has_examples):
        raise InputError(
            f"There is no profile to write to {choice.out.name}: it is learned from finished"
            " examples. Name them with --context DIR, and leave --profile off out."
        )
    check_writable(choice.out.parent)


def begin_task(
    method: Method,
    entries: Sequence[ContextEntry],
    choice: ProfileChoice,
    *,
    step: Callable[[str], None] = lambda text: None,
) -> Task:
    """A task that knows the finished examples, and how the person who drew them draws.

    Args:
        method: Segments all images.
        entries: The examples.
        choice: Which profile; it is written where that says.
        step: Told the id of each example before it is taken in.

    Raises:
        InputError: If the named profile is missing, or belongs to another method or weights.
        FileFormatError: If that file is no profile.
    """
    task = Task(method, prior=None if choice.file is None else _read(choice.file, method))
    teachers = _spread(entries) if choice.use == ON else set()
    for entry in entries:
        step(entry.id)
        task.add(entry, teaches=entry.id in teachers)
    if choice.out is not None:
        facts = {"method": method.name, "weights": method.weights_digest}
        write_json(choice.out, {**facts, "profile": task.prior})
    return task


def words_of(prior: Prior | None) -> str:
    """What a profile says in words; "" without one, or where its method has no words for it."""
    return "" if prior is None else str(prior.get("says", ""))


def _spread(entries: Sequence[ContextEntry]) -> set[str]:
    """Ids of the examples that teach."""
    most = MOST_VOLUMES if any(entry.image.is_volume for entry in entries) else MOST
    places = np.linspace(0, len(entries) - 1, min(most, len(entries))).round().astype(int)
    return {entries[place].id for place in places}


def _read(file: Path, method: Method) -> dict[str, Any]:
    if not file.is_file():
        raise InputError(
            f"--profile {file} is none: expected on, off, or a file that --profile-out wrote, and"
            " there is no such file. Check the path."
        )
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        profile, of, weights = dict(value["profile"]), value["method"], value["weights"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileFormatError(
            f"{file.name} holds no profile; expected a file that --profile-out wrote."
            " Write it again."
        ) from error
    if (of, weights) != (method.name, method.weights_digest):
        found = f"the method {of!r}" if of != method.name else "other weights"
        raise InputError(
            f"The profile {file.name} was learned with {found}, where its numbers mean other"
            f" habits; expected one of {method.name!r} with the weights in use. Learn it again from"
            " finished examples, or use what it was learned with."
        )
    return profile
