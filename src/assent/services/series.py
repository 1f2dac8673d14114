"""The DICOM series of an archive that was sent: which of them can be used, and as what."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assent.core.errors import InputError
from assent.io.sniff import fits_suffix
from assent.services.decoding import Decoded, Unpacked
from assent.services.naming import in_their_words
from assent.services.originals import UPLOADED
from assent.services.scan import Problem
from assent.storage.records import FoundImage

Decode = Callable[[Path, str], Decoded]


@dataclass(frozen=True)
class Ready:
    """An image that was sent and can be kept.

    Attributes:
        place: Its file, or the folder of its series, where it lies until then.
        found: What is noted of it.
    """

    place: Path
    found: FoundImage

    @property
    def kept_as(self) -> str:
        """The name of its file or folder among all that were sent."""
        return self.found.path.split("/")[1]


def look(
    place: Path, unpacked: Unpacked, name: str, decode: Decode
) -> tuple[dict[str, Ready], list[Problem]]:
    """Read each series of an archive once, in a folder of its own.

    Args:
        place: The folder with all files; those of each series move into a folder below it.
        unpacked: What lies there.
        name: By which people know the archive.
        decode: Reads a series, and refuses what is no image.

    Returns:
        Those that can be used by their digest, and what is wrong with the others.
    """
    several = sum(len(files) > 1 for files in unpacked.series) > 1
    ready: dict[str, Ready] = {}
    problems: list[Problem] = []
    for number, files in enumerate(unpacked.series, start=1):
        folder = place / f"{place.name}-{number}"
        folder.mkdir()
        for file in files:
            os.replace(place / file, folder / file)
        label = f"{name}, series {number}" if several else name
        if len(files) == 1:
            label = unpacked.names[files[0]]
            label = label if fits_suffix(label, ".dcm") else f"{label}.dcm"
        kept = ".series"
        try:
            decoded = decode(folder, label)
        except InputError as error:
            problems.append(Problem(label, in_their_words(str(error), unpacked.names)))
            continue
        if decoded.neutral_name:
            label = f"{decoded.neutral_name}.dcm" if len(files) == 1 else decoded.neutral_name
            # The same series may lie there as it was sent, from before files were de-identified.
            kept = "-deidentified.series"
        found = FoundImage(
            path=f"{UPLOADED}/{decoded.digest}{kept}/{label}",
            digest=decoded.digest,
            shape_dhw=decoded.shape_dhw,
            kind="dicom-series",
        )
        ready[decoded.digest] = Ready(folder, found)
    return ready, problems
