"""Weights on disk: safetensors only, loaded strictly, written in one piece, known by digest.

Torch is imported where tensors are touched: asking a file what it is should not take seconds.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from assent.core.errors import NotFoundError, WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn

SHIPPED = Path(__file__).parent / "shipped"
"""Folder of the weights in the package; ``manifest.json`` describes them."""

REQUIRED = ("architecture", "licence", "sets", "split", "command", "figures")
"""What the metadata of shipped weights must state."""

_FIELD = "assent"
_SHOWN = 3


def load_weights(
    module: "nn.Module",
    path: Path,
    adapt: "Callable[[Mapping[str, Tensor]], dict[str, Tensor]]" = dict,
) -> dict[str, Any]:
    """Fill a module with the tensors of a file, all of them and no others.

    Half-precision files are widened to the precision of the module.

    Args:
        module: Whose parameters and buffers are replaced.
        path: A safetensors file.
        adapt: Brings tensors of an older version to what the module has.

    Returns:
        The metadata stored with the weights.

    Raises:
        WeightsError: If the file is missing, damaged, or fits another architecture; the module is
            then left as it was.
    """
    stored, metadata = read_weights(path)
    tensors = adapt(stored)
    own = module.state_dict()
    missing = sorted(own.keys() - tensors.keys())
    unexpected = sorted(tensors.keys() - own.keys())
    shapes = [
        f"{name} is {tuple(tensors[name].shape)} instead of {tuple(own[name].shape)}"
        for name in sorted(own.keys() & tensors.keys())
        if tensors[name].shape != own[name].shape
    ]
    if missing or unexpected or shapes:
        raise WeightsError(
            f"{path.name} does not fit {type(module).__name__}: missing {_some(missing)},"
            f" unexpected {_some(unexpected)}, wrong shapes {_some(shapes)}."
            " Use weights that were trained with the same settings."
        )
    module.load_state_dict(tensors)
    return metadata


def read_weights(path: Path) -> tuple[dict[str, "Tensor"], dict[str, Any]]:
    """All tensors of a file by name, and its metadata.

    Raises:
        WeightsError: If the file is missing or is not a whole safetensors file.
    """
    try:
        with safe_open(path, framework="pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            return tensors, _metadata_of(opened.metadata())
    except (SafetensorError, OSError, ValueError) as error:
        raise _unreadable(path) from error


def save_weights(
    path: Path, tensors: Mapping[str, "Tensor"], metadata: Mapping[str, Any], *, half: bool = False
) -> None:
    """Write tensors and metadata; a reader sees the old file or the whole new one.

    Args:
        path: Where to; its folder is created.
        tensors: By name, as from ``state_dict``.
        metadata: JSON-able: architecture, settings, sets, split, command, seed, figures, licence.
        half: Whether float32 tensors are stored as float16.
    """
    from safetensors.torch import save  # noqa: PLC0415 - torch

    ready = {name: _stored(tensor, half) for name, tensor in tensors.items()}
    content = save(ready, {_FIELD: json.dumps(dict(metadata), sort_keys=True)})
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        # Opened here and not by the library, which would keep the file from other people.
        with temporary.open("wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def previous_of(path: Path) -> Path:
    """Where the file that this one replaced is kept, while a run writes one after the other."""
    return path.with_suffix(".previous.safetensors")


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal.

    Raises:
        WeightsError: If the file cannot be read.
    """
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path) from error


def check_digest(path: Path, expected: str) -> None:
    """Make sure that a file is the one it should be.

    Raises:
        WeightsError: If its SHA-256 differs.
    """
    found = digest(path)
    if found != expected:
        raise WeightsError(
            f"{path.name} has the digest {found[:12]}…, expected {expected[:12]}…: it was changed"
            " or damaged. Install or download it again."
        )


def info(path: Path) -> dict[str, Any]:
    """What a file says about itself, without loading it.

    Returns:
        The metadata, with ``file``, ``bytes``, ``sha256``, ``parameters`` (a count) and
        ``dtypes`` (sorted names).

    Raises:
        WeightsError: If the file is missing or is not a whole safetensors file.
    """
    try:
        with safe_open(path, framework="np") as opened:
            slices = [opened.get_slice(name) for name in opened.keys()]  # noqa: SIM118
            metadata = _metadata_of(opened.metadata())
            count = sum(_product(part.get_shape()) for part in slices)
            dtypes = sorted({part.get_dtype() for part in slices})
    except (SafetensorError, OSError, ValueError) as error:
        raise _unreadable(path) from error
    facts = {"file": path.name, "bytes": path.stat().st_size, "sha256": digest(path)}
    return {**metadata, **facts, "parameters": count, "dtypes": dtypes}


def manifest(folder: Path = SHIPPED) -> dict[str, dict[str, Any]]:
    """Every shipped weights file by name: file, sha256, bytes, licence, sets, split, figures.

    Raises:
        WeightsError: If the manifest is missing or is not JSON.
    """
    try:
        entries = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"The manifest of shipped weights in {folder.name} is missing or damaged."
            " Install the package again."
        ) from error
    return dict(entries)


def shipped(name: str, folder: Path = SHIPPED) -> Path:
    """The file of shipped weights, after checking its digest.

    Raises:
        NotFoundError: If no weights of that name are shipped.
        WeightsError: If the file is missing or was changed.
    """
    entries = manifest(folder)
    if name not in entries:
        raise NotFoundError("set of shipped weights", name, known=entries)
    path = folder / str(entries[name]["file"])
    check_digest(path, entries[name]["sha256"])
    return path


def check_shippable(metadata: Mapping[str, Any]) -> None:
    """Refuse weights that must not be shipped.

    Args:
        metadata: As stored with the weights; ``sets`` is a list of
            ``{"name": ..., "use": ...}``, one per set they were trained on.

    Raises:
        WeightsError: If a fact is missing, or a training set's use is not "train".
    """
    absent = [fact for fact in REQUIRED if fact not in metadata]
    if absent:
        raise WeightsError(
            f"Weights cannot be shipped without stating {_some(absent)}. Train them again with"
            " a command that records it."
        )
    if not metadata["sets"]:
        raise WeightsError("Weights cannot be shipped without naming a training set.")
    for item in metadata["sets"]:
        if item.get("use") != "train":
            raise WeightsError(
                f"Weights trained on {item.get('name')!r} cannot be shipped: its use is"
                f' {item.get("use", "")!r}, and only sets whose use is "train" may be shipped.'
            )


def _metadata_of(header: Mapping[str, str] | None) -> dict[str, Any]:
    return dict(json.loads((header or {}).get(_FIELD, "{}")))


def _unreadable(path: Path) -> WeightsError:
    if not path.is_file():
        return WeightsError(f"There is no weights file {path}. Check the path, or train one.")
    return WeightsError(
        f"{path.name} is not a whole safetensors file; it may be cut short or of another kind."
        " Copy or train it again."
    )


def _stored(tensor: "Tensor", half: bool) -> "Tensor":
    import torch  # noqa: PLC0415 - slow

    kept = tensor.detach().cpu()
    if half and kept.dtype == torch.float32:
        kept = kept.half()
    return kept.contiguous().clone()


def _product(sizes: list[int]) -> int:
    count = 1
    for size in sizes:
        count *= size
    return count


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    more = len(names) - _SHOWN
    return (shown + (f" and {more} more" if more > 0 else "")) or "none"
