"""What was found in files, so that one that looks untouched is not read again.

A digest belongs to the content of a file; time of change and size tell, without reading it, whether
that may be another one. What is kept here can be lost at any time: files are read again then.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assent.io.atomic import write_json

Found = dict[str, Any]
"""Path, digest, shape, kind and stamp of a file, as JSON."""


class Stamps:
    """One file of JSON for each folder that was scanned."""

    def __init__(self, folder: Path | None = None) -> None:
        """Nothing is read yet; ``folder`` is made with the first file, None keeps nothing."""
        self._folder = folder

    def read(self, root: str) -> dict[str, Found]:
        """What was found below ``root``, by path; empty where nothing usable is kept."""
        if self._folder is None:
            return {}
        try:
            told = json.loads(self._file(root).read_text(encoding="utf-8"))
            return {found["path"]: found for found in told["files"] if _is_whole(found)}
        except (OSError, ValueError, LookupError, TypeError):
            return {}

    def keep(self, root: str, files: Mapping[str, Found]) -> None:
        """Remember what was found below ``root``, in place of what was kept before.

        Raises:
            InputError: If it cannot be written.
        """
        if self._folder is not None:
            write_json(self._file(root), {"root": root, "files": list(files.values())})

    def _file(self, root: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{hashlib.sha256(root.encode()).hexdigest()[:24]}.json"


def _is_whole(found: Found) -> bool:
    return {"path", "digest", "shape_dhw", "kind", "stamp"} <= found.keys()
