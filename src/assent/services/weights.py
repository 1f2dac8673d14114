"""Which weights are shipped, and what a weights file says about itself."""

from pathlib import Path
from typing import Any

from assent.core.errors import NotFoundError
from assent.models.weights import info, manifest, shipped


def list_weights() -> list[dict[str, Any]]:
    """Shipped weights: name, file, sha256, bytes, licence, sets, split, figures, as recorded.

    Raises:
        WeightsError: If the manifest is missing or damaged.
    """
    return [{"name": name, **facts} for name, facts in sorted(manifest().items())]


def weights_info(name: str) -> dict[str, Any]:
    """What weights say about themselves: metadata, size, digest, number of parameters.

    Args:
        name: Of shipped weights, or the path of a safetensors file.

    Raises:
        NotFoundError: If it is neither.
        WeightsError: If the file is damaged, or shipped weights were changed.
    """
    if Path(name).is_file():
        return info(Path(name))
    if name in manifest():
        return info(shipped(name))
    raise NotFoundError("weights file or set of shipped weights", name, known=manifest())
