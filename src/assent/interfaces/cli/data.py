"""``assent data check``: is a folder sound?"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from assent.interfaces.cli.say import naming, say, say_json
from assent.interfaces.cli.wiring import Given
from assent.services.datacheck import check_data

EXAMPLES = ("assent data check my-study",)


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Images and masks.")],
    *,
    given: Given,
) -> None:
    """Read every image and mask of a folder, and say what is wrong and what to do."""
    report = check_data(folder)
    if given.as_json:
        findings = [asdict(finding) for finding in report.findings]
        say_json({"folder": report.folder, "sound": report.is_sound, "findings": findings})
    else:
        for finding in report.findings:
            found = naming(finding.file, finding.sentence) if finding.file else finding.sentence
            say(f"{finding.severity:<8}{found} {finding.remedy}".rstrip())
    if not report.is_sound:
        errors = sum(finding.severity == "error" for finding in report.findings)
        counted = "1 error" if errors == 1 else f"{errors} errors"
        say(f"{report.folder} is not sound: {counted}.", error=True)
        raise typer.Exit(2)
