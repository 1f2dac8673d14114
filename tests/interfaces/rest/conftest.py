"""A folder of three discs, and a server on it."""

import pytest

from interfaces.rest.serving import serving
from interfaces.small_files import disc, write_picture


@pytest.fixture
def folder(tmp_path):
    for name, radius in (("a", 9), ("b", 7), ("c", 5)):
        write_picture(tmp_path / "images" / f"{name}.png", disc(radius))
    return tmp_path / "images"


@pytest.fixture
def served(folder, tmp_path):
    with serving(folder, tmp_path / "home") as server:
        yield server
