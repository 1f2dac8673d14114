"""Small dataset folders on disk, and the real ones where they are at hand."""

import json
import os
from pathlib import Path

import numpy as np
import PIL.Image
import pytest


def write_png(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(array).save(path)


def square(size, low, high):
    mask = np.zeros((size, size), np.uint8)
    mask[low:high, low:high] = 255
    return mask


@pytest.fixture
def rater_folder(tmp_path):
    """Six images by three raters, of whom two drew the same and one is no rater."""
    root = tmp_path / "cells"
    rng = np.random.default_rng(0)
    for number in range(6):
        name = f"{number:03d}.png"
        write_png(root / "images" / name, rng.integers(0, 255, (20, 20), dtype=np.uint8))
        write_png(root / "masks" / "anna" / name, square(20, 5, 12))
        write_png(root / "masks" / "bela" / name, square(20, 4, 13))
        write_png(root / "masks" / "gold" / name, square(20, 5, 12))
        # The same mask, but other bytes: 1 bit per pixel instead of 8.
        twin = PIL.Image.fromarray(square(20, 5, 12)).convert("1")
        (root / "masks" / "twin").mkdir(parents=True, exist_ok=True)
        twin.save(root / "masks" / "twin" / name)
    (root / "masks" / "bela" / "005.png").unlink()
    said = {
        "name": "cells",
        "images": "images",
        "masks": "masks",
        "mask_folders": ["anna", "bela", "twin", "gold"],
        "mask_folders_are": "raters",
        "not_a_rater": ["gold"],
        "labels": ["cell"],
        "use": "train",
        "modality": "phase contrast",
        "items": [{"id": f"{n:03d}", "patient": f"P{n // 2}"} for n in range(6)],
    }
    (root / "dataset.json").write_text(json.dumps(said))
    return root


@pytest.fixture
def plain_folder(tmp_path):
    """Three images with two labels, one of which is missing once; no description."""
    root = tmp_path / "plain"
    for number in range(3):
        name = f"img{number}.png"
        write_png(root / "images" / name, np.full((10, 12, 3), 40 * number + 9, np.uint8))
        for label in ("nucleus", "cell"):
            mask = np.zeros((10, 12), np.uint8)
            mask[2:5, 3 : 6 + number] = 1
            write_png(root / "masks" / label / name, mask)
    (root / "masks" / "cell" / "img1.png").unlink()
    return root


@pytest.fixture
def real_data():
    """The folder of real images."""
    named = os.environ.get("ASSENT_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("ASSENT_DATA does not name the folder of real images")
    return Path(named)
