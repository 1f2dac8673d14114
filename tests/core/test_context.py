"""A context entry is an image with the mask that belongs to it."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from assent.core.context import ContextEntry
from assent.core.errors import InputError
from assent.core.image import from_array


def test_a_verified_mask_is_fully_trusted():
    entry = ContextEntry("a", from_array(np.zeros((4, 5))), np.zeros((1, 4, 5), np.bool_))
    assert entry.confidence == 1.0


@pytest.mark.parametrize("shape", [(4, 5), (1, 5, 4), (2, 4, 5)])
def test_a_mask_on_another_grid_is_refused(shape):
    with pytest.raises(InputError) as caught:
        ContextEntry("a1b2", from_array(np.zeros((4, 5))), np.zeros(shape, np.bool_))
    assert str(caught.value) == (
        f"The mask of context entry a1b2 has (D, H, W) = {shape}, its image (1, 4, 5)."
        " Use the mask that belongs to this image."
    )


def test_an_entry_is_not_changed_afterwards():
    entry = ContextEntry("a", from_array(np.zeros((4, 5))), np.zeros((1, 4, 5), np.bool_))
    with pytest.raises(FrozenInstanceError):
        entry.confidence = 0.5
    assert "array" not in repr(entry)
