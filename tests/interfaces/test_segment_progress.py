"""What is seen while a volume is segmented, and what is left when it is stopped."""

from contextlib import contextmanager

import nibabel
import numpy as np
import pytest

from assent.interfaces.cli import segment
from interfaces.small_files import disc

WORDS = ("--click", "2,24,24,+", "--set", "posterior.use_network=false", "--out", "m.nii.gz")


@pytest.fixture
def volume(tmp_path):
    voxels = np.stack([disc(9)] * 5, -1) * 100
    nibabel.save(nibabel.Nifti1Image(voxels.astype(np.int16), np.eye(4)), tmp_path / "v.nii.gz")
    return tmp_path / "v.nii.gz"


@pytest.fixture
def bar(monkeypatch):
    """Replaces the progress bar by a function of the test's choice."""

    def replace(tell):
        @contextmanager
        def shown(title, *, off):
            yield (lambda done, text: None) if off else tell

        monkeypatch.setattr(segment, "progress_bar", shown)

    return replace


def test_a_volume_shows_what_is_done(cli, volume, bar):
    heard = []
    bar(lambda done, text: heard.append((text, done)))
    assert cli("segment", volume, *WORDS).code == 0
    for text in ("following the object", "drawing masks"):
        shares = [done for said, done in heard if said == text]
        assert len(shares) >= 4
        assert all(0 <= done < 1 for done in shares)
    heard.clear()
    assert cli("segment", volume, *WORDS, "--json").code == 0
    assert heard == []


@pytest.mark.parametrize("where", ["following the object", "drawing masks"])
def test_a_stopped_volume_leaves_nothing_behind(cli, tmp_path, volume, bar, where):
    def stop(done, text):
        if text == where and done > 0.3:
            raise KeyboardInterrupt

    bar(stop)
    before = set(tmp_path.iterdir())
    ran = cli("segment", volume, *WORDS, "--candidates", "looks")
    assert ran.code == 130
    assert ran.err.startswith("Stopped.")
    left = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert left == set()
