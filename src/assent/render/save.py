"""Write a finished picture or page in one step, so that no reader ever sees half of it."""

import os
import tempfile
from pathlib import Path


def save(path: Path, content: bytes | str) -> None:
    """Write to a temporary name in the same folder, sync, and rename.

    Missing folders are made. An existing file is replaced.
    """
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
