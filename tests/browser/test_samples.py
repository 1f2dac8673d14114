"""What ``make run`` opens: the samples, a project each."""

import pytest

from assent.services.sample_folder import write_samples
from browser.conftest import Server


@pytest.fixture
def server(tmp_path):
    write_samples(tmp_path / "samples")
    running = Server(tmp_path, "samples")
    running.start()
    yield running
    running.kill()


def test_samples_open_with_their_targets_and_say_which_are_synthetic(play):
    play("samples")
