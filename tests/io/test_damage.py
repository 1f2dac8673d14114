"""Whatever happens to the bytes of a file, the answer is an image or a deliberate error."""

import contextlib

import nibabel
import numpy as np
import PIL.Image
import pytest
import SimpleITK
import tifffile

from assent.core.errors import AssentError
from assent.io.formats import read_image, read_mask

SAVERS = {
    "a.png": lambda path, v: PIL.Image.fromarray(v[0].astype(np.uint8)).save(path),
    "a.bmp": lambda path, v: PIL.Image.fromarray(v[0].astype(np.uint8)).save(path),
    "a.jpg": lambda path, v: PIL.Image.fromarray(v[0].astype(np.uint8)).save(path),
    "a.tif": lambda path, v: tifffile.imwrite(path, v, photometric="minisblack"),
    "a.nii": lambda path, v: nibabel.save(nibabel.Nifti1Image(v, np.eye(4)), path),
    "a.nii.gz": lambda path, v: nibabel.save(nibabel.Nifti1Image(v, np.eye(4)), path),
    "a.nrrd": lambda path, v: SimpleITK.WriteImage(SimpleITK.GetImageFromArray(v), str(path)),
    "a.mha": lambda path, v: SimpleITK.WriteImage(SimpleITK.GetImageFromArray(v), str(path)),
}


@pytest.mark.parametrize("name", [*SAVERS, "a.dcm"])
def test_damaged_bytes_end_in_a_deliberate_error_that_names_the_file(tmp_path, name, write_slice):
    rng = np.random.default_rng(7)
    path = tmp_path / name
    voxels = rng.integers(0, 255, (4, 5, 6)).astype(np.int16)
    if name == "a.dcm":
        write_slice(path, voxels[0])
    else:
        SAVERS[name](path, voxels)
    whole = path.read_bytes()
    for _ in range(15):
        content = bytearray(whole)
        for at in rng.integers(0, min(len(content), 1500), 3):
            content[at] = rng.integers(0, 256)
        keep = len(content) if rng.random() < 0.5 else int(rng.integers(1, len(content)))
        path.write_bytes(bytes(content[:keep]))
        for read in (read_image, read_mask):
            with contextlib.suppress(AssentError):
                read(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AssentError, match=r"a\."):
        read_image(path)
