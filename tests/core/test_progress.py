import threading

import numpy as np
import pytest

from assent.core.progress import (
    Glimpse,
    listening,
    may_stop,
    report,
    show,
    stopping,
    watched,
    watching,
)


def glimpse(index):
    return Glimpse(index, np.zeros((1, 2, 2), bool), is_final=True)


def test_what_is_reported_is_heard_within_the_block_alone():
    heard = []
    report(0.1, "before")
    with listening(lambda done, text: heard.append((done, text))):
        report(0.5, "within")
    report(0.9, "after")
    assert heard == [(0.5, "within")]


def test_the_innermost_listener_hears_and_gives_back():
    outer, inner = [], []
    with listening(lambda done, text: outer.append(text)):
        with listening(lambda done, text: inner.append(text)):
            report(0.5, "deep")
        report(0.5, "shallow")
    assert (outer, inner) == (["shallow"], ["deep"])


def test_what_a_listener_raises_stops_the_work_and_the_listening():
    def stop(done, text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), listening(stop):
        report(0.5, "long work")
    report(0.6, "nobody listens")


def test_other_threads_are_not_heard():
    heard = []
    with listening(lambda done, text: heard.append(text)):
        other = threading.Thread(target=report, args=(0.5, "elsewhere"))
        other.start()
        other.join()
    assert heard == []


def test_who_watches_a_slice_is_shown_that_one_alone():
    seen = []
    show(glimpse(3))
    assert watched() is None
    with watching(3, lambda shown: seen.append(shown.index)):
        assert watched() == 3
        with watching(4, lambda shown: seen.append(-shown.index)):
            for index in (3, 4):
                show(glimpse(index))
        for index in (3, 4):
            show(glimpse(index))
    show(glimpse(3))
    assert seen == [-4, 3]
    assert watched() is None


def test_what_a_viewer_raises_stops_the_work_and_the_watching():
    def stop(shown):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), watching(0, stop):
        show(glimpse(0))
    assert watched() is None


def test_work_is_asked_whether_it_shall_stop_wherever_it_reports():
    asked = []
    with stopping(lambda: asked.append("asked")):
        report(0.5, "long work")
        may_stop()
    report(0.6, "nobody asks")
    assert asked == ["asked", "asked"]
