"""Which dataset a word on the command line means."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from assent.core.case import Split, TaskSource
from assent.core.errors import ConfigError, InputError, NotFoundError

GROUP = "assent.datasets"
FOLDER = "folder"
_SPLITS: tuple[Split, ...] = ("train", "val", "test")


def open_source(place: str, *, label: str | None = None) -> TaskSource:
    """A dataset folder, or "KIND:NAME" for a registered kind, as in "synthetic:raters2d".

    Args:
        place: A path, or the words above.
        label: One target or one rater instead of all.

    Raises:
        InputError: If there is no such folder, or it holds no images or masks.
        NotFoundError: If the kind, the name or the label is unknown.
    """
    kind, colon, name = place.partition(":")
    readers = {point.name: point for point in entry_points(group=GROUP)}
    if Path(place).exists() or not colon or len(kind) == 1:
        kind, name = FOLDER, place
    if kind not in readers:
        raise NotFoundError("kind of dataset", kind, known=readers)
    return cast(TaskSource, readers[kind].load()(name, label=label))


def open_sources(places: list[str], *, label: str | None = None) -> list[TaskSource]:
    """Several datasets, in order.

    Raises:
        InputError: If two have one name, so that their records could not be told apart, or as
            ``open_source`` does.
    """
    sources = [open_source(place, label=label) for place in places]
    names = [source.name for source in sources]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InputError(
            f"Several of the datasets are named {sorted(twice)[0]!r}; expected different names."
            " Name each once, or set another name in dataset.json."
        )
    return sources


def parse_splits(text: str) -> tuple[Split, ...]:
    """Splits from words: "test", "val,test", or "all", which is ().

    Raises:
        ConfigError: If a word is none of train, val, test and all.

    >>> parse_splits("val,test"), parse_splits("all")
    (('val', 'test'), ())
    """
    words = [word.strip() for word in text.split(",")]
    if words == ["all"]:
        return ()
    known = {split: split for split in _SPLITS}
    if unknown := [word for word in words if word not in known]:
        raise ConfigError(
            f"There is no split {unknown[0]!r}. Known: train, val, test, all; several are joined"
            " by commas, as in val,test."
        )
    return tuple(known[word] for word in words if word in known)
