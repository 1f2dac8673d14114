"""Memory that was freed goes back to the system."""

import ctypes
from functools import cache


def trim() -> None:
    """Give pages back that the allocator keeps for later; nothing where it cannot.

    glibc keeps what threads have freed between blocks that are still in use. Many people at once
    make that grow for hours, although no more is in use.
    """
    release = _release()
    if release is not None:
        release(0)


@cache
def _release() -> "ctypes._NamedFuncPointer | None":
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
