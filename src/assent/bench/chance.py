"""Seeds that depend on names, not on order: the same draw whatever else is played."""

import hashlib

import numpy as np


def seed_of(seed: int, *names: str) -> int:
    """A seed in [0, 2**32) for one purpose, from the seed of the run and names.

    >>> seed_of(0, "ds", "007") == seed_of(0, "ds", "007") != seed_of(1, "ds", "007")
    True
    """
    text = "\0".join([str(seed), *names])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def rng_of(seed: int, *names: str) -> np.random.Generator:
    """A generator from ``seed_of``."""
    return np.random.default_rng(seed_of(seed, *names))
