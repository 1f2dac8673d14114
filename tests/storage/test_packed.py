"""Masks as bytes."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from assent.core.errors import FileFormatError, ShapeError
from assent.storage.packed import HEAD, MAGIC, pack, unpack

masks = arrays(np.bool_, array_shapes(min_dims=3, max_dims=3, min_side=0, max_side=9))


@given(mask=masks, data=st.data())
def test_a_mask_comes_back_bit_by_bit(mask, data):
    axes = data.draw(st.permutations(range(3)))
    turned = mask.transpose(axes)  # not contiguous
    back = unpack(pack(turned))
    assert (back.dtype, back.shape) == (np.bool_, turned.shape)
    assert np.array_equal(back, turned)


def test_a_mask_of_an_organ_takes_few_bytes():
    z, y, x = np.ogrid[-20:20, -128:128, -128:128]
    ball = (z / 15) ** 2 + (y / 80) ** 2 + (x / 60) ** 2 < 1
    assert len(pack(ball)) < ball.size / 400


def head(*shape):
    return HEAD.pack(MAGIC, *shape)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"assent mask 2\n" + bytes(20),
        head(1, 2, 9) + b"not deflated",
        head(1, 2, 9) + zlib.compress(bytes(2)),
        head(1, 2, 9) + zlib.compress(bytes(4)),
        head(1, 2, 9) + zlib.compress(bytes(3))[:-2],
        pack(np.ones((3, 4, 5), bool))[: HEAD.size - 1],
    ],
)
def test_bytes_that_are_no_mask_are_refused(content):
    with pytest.raises(FileFormatError, match="stored mask cannot be read"):
        unpack(content)


def test_a_small_file_cannot_claim_much_memory():
    bomb = head(1, 8, 8) + zlib.compress(bytes(50_000_000))
    with pytest.raises(FileFormatError, match="8 bytes were expected"):
        unpack(bomb)
    with pytest.raises(FileFormatError, match="has more than 2147483648 voxels"):
        unpack(head(2**16, 2**16, 2**16) + zlib.compress(bytes(50_000_000)))


def test_a_mask_has_three_axes():
    with pytest.raises(ShapeError):
        pack(np.ones((4, 4), bool))
