"""Real images of many modalities are read, and their masks fit them."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from assent.io.formats import list_images, read_image, read_mask, stem_of

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def sets():
    folder = Path(os.environ.get("ASSENT_DATA", ""))
    found = sorted(folder.glob("*/dataset.json")) if os.environ.get("ASSENT_DATA") else []
    if not found:
        pytest.skip("Set ASSENT_DATA to the folder with the real image sets to run this.")
    return [path.parent for path in found]


def test_first_image_of_every_set_is_read_with_its_masks(sets):
    for folder in sets:
        about = json.loads((folder / "dataset.json").read_text("utf-8"))
        path = list_images(folder / about["images"])[0]
        image = read_image(path)
        assert np.ptp(image.voxels) > 0, folder.name
        assert image.is_volume == (about["dims"] == 3), folder.name
        assert image.geometry.calibrated == (about["dims"] == 3), folder.name
        for masks in (folder / about["masks"]).iterdir():
            mine = [p for p in masks.iterdir() if stem_of(p) == stem_of(path)]
            for mask in mine:
                assert read_mask(mask, like=image).shape == image.shape_dhw
