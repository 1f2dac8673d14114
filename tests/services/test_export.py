"""Finished masks as files, and what is said of them."""

import json

import numpy as np
import pytest

from assent.core.errors import InputError
from assent.services.export import export_masks
from assent.services.originals import Originals
from assent.services.scan import CHANGED, scan
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


def test_a_mask_of_a_file_that_was_replaced_is_not_written_and_this_is_said(
    store, project, tmp_path
):
    def exported(name):
        done = export_masks(store, Originals(), project, TARGET, tmp_path / name)
        told = json.loads((tmp_path / name / "provenance.json").read_text())
        assert told["problems"] == [{"path": path, "detail": said} for path, said in done.problems]
        return [row["image"] for row in told["masks"]], done.problems, done.sentence

    def scanned():
        found = store.projects.get(project)
        problems = scan(store, Originals(), found, TARGET, lambda done, detail: None)
        return [(problem.path, problem.detail) for problem in problems]

    for task in store.projects.queue(project, TARGET):
        store.masks.add(task.id, disc(5)[None], person="ada")
    store.projects.add_tasks([image.id for image in store.projects.images(project)], "other")
    before = (tmp_path / "images" / "a.png").read_bytes()
    write_picture(tmp_path / "images" / "a.png", disc(9))
    assert scanned() == [("a.png", CHANGED)]
    one_written = "1 mask written; 1 could not be written."
    assert exported("one") == (["b.png"], (("a.png", CHANGED),), one_written)
    write_picture(tmp_path / "images" / "b.png", disc(9))
    scanned()
    assert exported("none")[0] == []
    (tmp_path / "images" / "a.png").write_bytes(before)
    assert scanned() == [("b.png", CHANGED)]
    assert exported("back") == (["a.png"], (("b.png", CHANGED),), one_written)
    (new,) = store.projects.queue(project, TARGET)
    store.masks.add(new.id, disc(9)[None], person="ada")
    assert scanned() == []
    assert exported("anew") == (["a.png", "b.png"], (), "2 masks written.")
    with pytest.raises(InputError, match="Accept one"):
        export_masks(store, Originals(), project, "other", tmp_path / "other")
