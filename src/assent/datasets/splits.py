"""Train, validation and test: the same for everybody, decided by a hash of the group.

A group is what must stay together: all slices of a patient, all crops of a scene. Nothing is
stored and nothing is drawn, so a new image never moves an old one to another split.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from assent.core.case import Split

GROUP_KEYS = ("group", "patient", "volume", "scene", "section", "case", "source_id", "id")
"""Facts of an item that name its group; the first one present counts."""

FOLDS = 5
"""Turns of the split; each share is a whole number of them."""

TRAIN_SHARE = 0.6
VAL_SHARE = 0.2


def group_of(item: Mapping[str, Any]) -> str:
    """What must stay in one split with this item.

    >>> group_of({"id": "007", "patient": "P3"})
    'P3'
    """
    return next((str(item[key]) for key in GROUP_KEYS if item.get(key) is not None), "")


def split_of(dataset: str, group: str, *, fold: int = 0) -> Split:
    """60 % train, 20 % validation, 20 % test, by SHA-256 of dataset and group.

    With another ``fold`` the shares are turned by so many fifths: over five folds every group is
    tested once.

    >>> split_of("wbc_jtsc", "000")
    'val'
    """
    digest = hashlib.sha256(f"{dataset}/{group}".encode()).digest()
    place = (int.from_bytes(digest[:8], "big") / 2**64 + fold / FOLDS) % 1.0
    if place < TRAIN_SHARE:
        return "train"
    return "val" if place < TRAIN_SHARE + VAL_SHARE else "test"
