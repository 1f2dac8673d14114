"""From distances to a probability."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def share_of_distance(
    to_inside: NDArray[np.floating[Any]], to_outside: NDArray[np.floating[Any]]
) -> NDArray[np.float32]:
    """Probability of the object from the distances to the two kinds of seeds.

    1 at a positive seed, 0 at a negative one, 0.5 where both are equally far. Any one shape.
    """
    total = to_inside + to_outside
    share = np.divide(to_outside, total, out=np.full(total.shape, 0.5), where=total > 0)
    return np.asarray(share, dtype=np.float32)
