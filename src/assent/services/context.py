"""Finished examples from a folder of images and masks."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assent.core.case import Case
from assent.core.context import ContextEntry
from assent.core.errors import ConfigError, InputError
from assent.datasets.folder import open_folder
from assent.io.guard import name_of
from assent.services.settings import check_known

TABLE = "context"
"""The table of settings that says which masks of a context folder count."""


def label_of(settings: Mapping[str, Any]) -> str | None:
    """The mask folder that the table ``[context]`` names.

    Raises:
        ConfigError: If the table has another key, or the label is no text.
    """
    check_known("setting of context", settings, {"label"})
    label = settings.get("label")
    if label is not None and not isinstance(label, str):
        raise ConfigError(f"context.label is {label!r}; expected the name of a mask folder.")
    return label


def read_context(folder: Path, *, label: str | None = None) -> Iterator[ContextEntry]:
    """The finished examples of a folder, one after the other.

    Args:
        folder: As for a dataset: ``images/`` and ``masks/``, with ``dataset.json`` or without.
        label: Which mask folder, where there are several.

    Raises:
        InputError: If there is no example, if there are several masks of one image and no
            choice, or if a mask is empty, full, or of another size than its image.
    """
    source = open_folder(folder, label=label)
    for case in source.cases():
        yield _entry(case, name_of(folder))


def _entry(case: Case, folder: str) -> ContextEntry:
    if len(case.references) > 1:
        labels = sorted({reference.rater or reference.target for reference in case.references})
        raise InputError(
            f"The context folder {folder!r} has several masks of {case.id} ({', '.join(labels)});"
            " expected one. Choose with --set context.label=NAME."
        )
    image, mask = case.read_image(), case.references[0].read()
    if not mask.any() or mask.all():
        found = "no voxel" if not mask.any() else "every voxel"
        raise InputError(
            f"The mask of {case.id} in the context folder {folder!r} marks {found}; expected"
            " foreground and background. Remove it, or draw it again."
        )
    return ContextEntry(f"{case.dataset}/{case.id}", image, mask)
