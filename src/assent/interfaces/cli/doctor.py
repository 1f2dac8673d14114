"""``assent doctor``: is this machine ready?"""

from dataclasses import asdict

import typer

from assent.interfaces.cli.say import say, say_json, say_table
from assent.interfaces.cli.wiring import Given
from assent.services.doctor import examine

EXAMPLES = ("assent doctor",)


def doctor(*, given: Given) -> None:
    """Look at versions, device, threads, memory, disk, shipped weights and optional extras."""
    findings = examine()
    if given.as_json:
        say_json([asdict(finding) for finding in findings])
    else:
        marks = {True: "fine", False: "wrong"}
        say_table(["", "", ""], [[marks[f.is_fine], f.what, f.found] for f in findings])
    wrong = [finding for finding in findings if not finding.is_fine]
    for finding in wrong:
        say(f"{finding.what}: {finding.found}. {finding.remedy}", error=True)
    if wrong:
        raise typer.Exit(2)
