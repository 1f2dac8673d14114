"""Headers that name other files may name those beside them, and no others."""

import os

import numpy as np
import pytest

from assent.core.errors import FileFormatError, ForbiddenError
from assent.io.detached import HEADER_BYTES
from assent.io.formats import read_image

META = b"ObjectType = Image\nNDims = 2\nDimSize = 4 3\nElementType = MET_UCHAR\n"
NRRD = b"NRRD0004\ntype: uchar\ndimension: 2\nsizes: 4 3\nencoding: raw\n"
VOXELS = bytes(range(12))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secret.raw").write_bytes(b"top secret!!")
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "a.raw").write_bytes(VOXELS)
    os.symlink(tmp_path / "secret.raw", folder / "link.raw")
    return folder


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.mhd", META + b"ElementDataFile = a.raw\n"),
        ("a.nhdr", NRRD + b"data file: a.raw\n"),
        ("a.mha", META + b"ElementDataFile = LOCAL\n" + VOXELS),
        ("a.nrrd", NRRD + b"\n" + VOXELS),
    ],
)
def test_voxels_beside_or_within_the_header_are_read(folder, name, header):
    (folder / name).write_bytes(header)
    voxels = read_image(folder / name).voxels
    assert np.array_equal(voxels.ravel(), np.arange(12))


@pytest.mark.parametrize(
    "where", ["../secret.raw", "link.raw", "{}/secret.raw", "x/../../secret.raw"]
)
@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.mhd", META + b"ElementDataFile = "),
        ("a.mhd", META + b"  elementdatafile=\t"),
        ("a.mhd", META + b"ElementDataFile = LIST\na.raw\n"),
        ("a.mhd", META.replace(b"\n", b"\r\n") + b"ElementDataFile = "),
        ("a.nhdr", NRRD + b"data file: "),
        ("a.nrrd", NRRD + b"DataFile: "),
        ("a.nhdr", NRRD.replace(b"\n", b"\r") + b"data file: "),
        ("a.nhdr", NRRD + b"data file: LIST\na.raw\n"),
    ],
)
def test_voxels_elsewhere_are_not_read(folder, name, header, where):
    (folder / name).write_bytes(header + where.format(folder.parent).encode() + b"\n")
    with pytest.raises(ForbiddenError, match="which does not lie beside it"):
        read_image(folder / name)


def test_a_header_that_does_not_end_is_not_trusted(folder):
    filler = b"Comment = " + b"x" * HEADER_BYTES + b"\n"
    (folder / "a.mhd").write_bytes(filler + META + b"ElementDataFile = ../secret.raw\n")
    with pytest.raises(FileFormatError, match=r"a\.mhd has no end of its header"):
        read_image(folder / "a.mhd")
