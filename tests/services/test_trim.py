"""Memory that was freed goes back to the system."""

import re
from pathlib import Path

import pytest

from assent.services import trim as trims
from assent.services.trim import trim

STATUS = Path("/proc/self/status")


def held_mb():
    (kilobytes,) = re.findall(r"VmRSS:\s+(\d+) kB", STATUS.read_text(encoding="ascii"))
    return int(kilobytes) / 1024


@pytest.mark.skipif(
    not STATUS.is_file() or trims._release() is None, reason="needs glibc and /proc"
)
def test_freed_blocks_below_one_in_use_go_back_to_the_system():
    # Too small to be mapped each by itself; the last one keeps the heap from shrinking.
    blocks = [b"%d" % number * 16_000 for number in range(1000, 3000)]
    last = blocks[-1]
    before = held_mb()
    del blocks
    trim()
    assert held_mb() < before - 60
    assert last[:4] == b"2999"


def test_without_such_an_allocator_nothing_happens(monkeypatch):
    monkeypatch.setattr(trims.ctypes, "CDLL", lambda name: object())
    trims._release.cache_clear()
    try:
        trim()
        assert trims._release() is None
    finally:
        trims._release.cache_clear()
