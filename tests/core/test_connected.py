import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from assent.core.connected import keep_connected


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_every_level_set_hangs_together_and_has_no_holes(seed):
    rng = np.random.default_rng(seed)
    raw = ndimage.gaussian_filter(rng.random((14, 17)), 1.0)
    raw = ((raw - raw.min()) / np.ptp(raw)).astype(np.float32)
    inside, outside = np.zeros((2, 14, 17), bool)
    inside[5, 5], outside[10, 12] = True, True
    kept = keep_connected(raw, inside, outside)
    for threshold in (0.2, 0.5, 0.8):
        mask = kept > threshold
        assert mask[5, 5]
        assert not mask[10, 12]
        assert ndimage.label(mask)[1] == 1
        holes, count = ndimage.label(np.pad(~mask, 1, constant_values=True))
        # Background is what reaches the border, and what somebody marked.
        assert count <= 1 + (holes[11, 13] != holes[0, 0])
