"""Finished masks as files, and what is said of them."""

import json

import numpy as np
import pytest

from assent.core.errors import InputError
from assent.services.export import export_masks
from assent.services.originals import Originals
from assent.services.scan import scan
from interfaces.small_files import disc, write_picture

TARGET = "disc"


@pytest.fixture
def project(store, tmp_path):
    for name in ("a.png", "b.png"):
        write_picture(tmp_path / "images" / name, disc(5))
    found = store.projects.add("study", str(tmp_path / "images"))
    scan(store, Originals(), found, TARGET, lambda done, detail: None)
    return found.id


def test_an_empty_mask_is_written_and_said_to_be_empty(store, project, tmp_path):
    with pytest.raises(InputError, match="Accept one"):
        export_masks(store, Originals(), project, TARGET, tmp_path / "none")
    full, empty = store.projects.queue(project, TARGET)
    store.masks.add(full.id, disc(5)[None], person="ada")
    done = export_masks(store, Originals(), project, TARGET, tmp_path / "one")
    assert done.sentence == "1 mask written."
    store.masks.add(empty.id, np.zeros_like(disc(5))[None], person="ada")
    done = export_masks(store, Originals(), project, TARGET, tmp_path / "two")
    assert done.sentence == "2 masks written, 1 of them empty."
    rows = json.loads((tmp_path / "two" / "provenance.json").read_text())["masks"]
    assert {row["image"]: row["is_empty"] for row in rows} == {"a.png": False, "b.png": True}
    assert all((tmp_path / "two" / row["mask"]).is_file() for row in rows)
