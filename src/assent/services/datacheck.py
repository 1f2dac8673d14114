"""Is a dataset folder sound?"""

from dataclasses import dataclass
from pathlib import Path

from assent.datasets.check import Finding, check_folder
from assent.io.guard import name_of


@dataclass(frozen=True)
class DataReport:
    """All that was found in a folder: errors first, then warnings, then notes."""

    folder: str
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing stops work on any file."""
        return all(finding.severity != "error" for finding in self.findings)


def check_data(folder: Path) -> DataReport:
    """Read every image and mask of a dataset folder and list all that is odd."""
    return DataReport(name_of(folder), tuple(check_folder(folder)))
