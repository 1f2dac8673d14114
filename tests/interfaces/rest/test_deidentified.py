"""A server that keeps DICOM files only de-identified."""

from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

from assent.io.formats import read_image
from assent.services.uploads import Rules
from interfaces.rest.serving import API, problem_of, serving
from interfaces.small_files import (
    SECRETS,
    archive_of,
    disc,
    everything_in,
    named,
    recorded,
    write_picture,
)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def safe(folder, home):
    with serving(folder, home, sending=Rules(deidentify=True)) as server:
        yield server


def a_file(name="CT_small.dcm"):
    return named(Path(get_testdata_file(name, download=False)).read_bytes())


def a_series(folder):
    """A recorded series of five slices, named, as an archive and in a folder."""
    folder.mkdir()
    for number, content in enumerate(everything_in(recorded("98892001")).values()):
        if pydicom.dcmread(BytesIO(content)).SeriesNumber == 5:
            (folder / f"Mustermann {number}.dcm").write_bytes(named(content))
    return archive_of(folder)


def send_series(served, content, name="Mustermann.tar"):
    address = f"{API}/projects/1/series"
    return served.client.post(address, params={"name": name}, content=content)


def told(home):
    """Secrets in any file or name below the home."""
    kept = everything_in(home)
    content = b"\n".join([*kept.values(), *(str(path).encode() for path in kept)])
    return [secret for secret in SECRETS if secret in content]


def in_uploads(home):
    return [path for path in (home / ".uploads").rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm"])
def test_a_file_is_kept_without_its_patient_and_is_the_same_image(
    safe, folder, home, tmp_path, name
):
    before = everything_in(folder)
    content = a_file(name)
    reply = safe.send(content, "Mustermann_Erika.dcm")
    assert reply.status_code == 201, reply.text
    image = reply.json()
    (kept,) = in_uploads(home)
    (tmp_path / "sent.dcm").write_bytes(content)
    sent, found = read_image(tmp_path / "sent.dcm"), read_image(kept)
    assert found.content_id == sent.content_id
    assert found.geometry.spacing_zyx_mm == sent.geometry.spacing_zyx_mm
    assert image["name"] == f"{sent.modality}-{sent.content_id[:8]}.dcm"
    shown = safe.get(f"/images/{image['id']}").json()
    assert (shown["modality"], shown["name"]) == (name[:2], image["name"])
    assert safe.get(f"/images/{image['id']}/thumbnail").is_success
    again = safe.send(content, "Mustermann 2.dcm")
    assert (again.status_code, again.json()["id"]) == (200, image["id"])
    assert in_uploads(home) == [kept]
    assert told(home) == []
    assert everything_in(folder) == before


def test_a_series_is_kept_without_its_patient_in_the_same_order(safe, home, tmp_path):
    study = a_series(tmp_path / "series")
    reply = send_series(safe, study)
    assert reply.status_code == 201, reply.text
    (image,) = reply.json()["images"]
    slices = in_uploads(home)
    assert (image["shape"], len(slices)) == ([5, 16, 16], 5)
    assert len({pydicom.dcmread(file).SeriesInstanceUID for file in slices}) == 1
    assert told(home) == []
    sent, found = read_image(tmp_path / "series"), read_image(slices[0].parent)
    assert found.content_id == sent.content_id
    assert image["name"] == f"CT-{sent.content_id[:8]}"
    again = send_series(safe, study)
    assert (again.status_code, again.json()["images"]) == (200, [image])
    assert told(home) == []


def test_nothing_is_left_of_a_file_that_cannot_be_kept(safe, folder, tmp_path, home):
    burned = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))
    burned.BurnedInAnnotation = "YES"
    burned.save_as(tmp_path / "burned.dcm")
    burned_in = named((tmp_path / "burned.dcm").read_bytes())
    said = problem_of(safe.send(burned_in, "a.dcm"), 400, "input")
    assert said.startswith("a.dcm says that text is burned into its pixels")
    said = problem_of(send_series(safe, archive_of({"IM7.dcm": burned_in})), 400, "input")
    assert "IM7.dcm says that text is burned into its pixels" in said
    assert in_uploads(home) == []
    assert told(home) == []


def test_a_broken_file_is_told_as_ever(safe, folder, tmp_path, home):
    whole = a_file()
    study = archive_of({"a.dcm": whole, "b.dcm": whole[: len(whole) // 2]})
    with serving(folder, tmp_path / "plain") as plain:
        for bad in (whole[: len(whole) // 2], bytes(128) + b"DICM" + bytes(500)):
            said = [problem_of(s.send(bad, "a.dcm"), 400, "input") for s in (safe, plain)]
            assert said[0] == said[1]
        said = [problem_of(send_series(s, study, "study"), 400, "input") for s in (safe, plain)]
        assert said[0] == said[1]
    assert in_uploads(home) == []


def test_without_the_rule_and_of_another_kind_files_are_kept_as_sent(served, tmp_path, home):
    content = a_file()
    assert served.send(content, "Mustermann.dcm").json()["name"] == "Mustermann.dcm"
    (kept,) = in_uploads(home)
    assert kept.read_bytes() == content
    with serving(tmp_path / "images", tmp_path / "safe", sending=Rules(deidentify=True)) as safe:
        picture = write_picture(tmp_path / "other.png", disc(11)).read_bytes()
        assert safe.send(picture, "mine.png").json()["name"] == "mine.png"
        (kept,) = in_uploads(tmp_path / "safe")
        assert kept.read_bytes() == picture
