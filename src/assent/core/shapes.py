"""Bind axis letters to sizes where data enters, and say so plainly when they do not fit."""

from typing import Any

from numpy.typing import NDArray

from assent.core.errors import ShapeError


def check_shape(name: str, array: NDArray[Any], axes: str, **sizes: int) -> dict[str, int]:
    """Check that an array has the named axes, and return the sizes of its letters.

    Args:
        name: What the array is called in a message.
        array: Any array.
        axes: Letters separated by spaces, as in ``"K D H W"``. A number stands for itself.
        sizes: Letters whose size is already known.

    Returns:
        All known letters with their sizes, ready to be passed to the next check.

    Raises:
        ShapeError: If the number of axes or a known size differs.

    >>> import numpy as np
    >>> check_shape("masks", np.zeros((4, 1, 8, 8)), "K D H W")
    {'K': 4, 'D': 1, 'H': 8, 'W': 8}
    """
    letters = axes.split()
    fits = array.ndim == len(letters)
    found = dict(sizes)
    if fits:
        for letter, size in zip(letters, array.shape, strict=True):
            expected = int(letter) if letter.isdigit() else found.setdefault(letter, size)
            fits = fits and expected == size
    if not fits:
        known = ", ".join(f"{k} = {v}" for k, v in sizes.items() if k in letters)
        raise ShapeError(
            f"{name} must have axes ({', '.join(letters)})"
            + (f" with {known}" if known else "")
            + f"; got shape {tuple(array.shape)}."
        )
    return found
