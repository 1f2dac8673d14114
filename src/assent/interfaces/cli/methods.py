"""``assent methods``: what is installed, and what each method can do."""

from dataclasses import asdict

from assent.interfaces.cli.say import say, say_json, say_table
from assent.interfaces.cli.wiring import Given
from assent.services.methods import MethodFacts, list_methods

EXAMPLES = ("assent methods", "assent methods --json")


def methods(*, given: Given) -> None:
    """List the installed methods: answers they listen to, volumes, context, profile, weights."""
    facts = list_methods(given.settings.tables)
    if given.as_json:
        say_json([asdict(each) for each in facts])
        return
    able = [each for each in facts if not each.missing]
    if able:
        columns = ["method", "answers", "volumes", "colour", "context", "profile", "weights"]
        say_table(columns, [_row(each) for each in able])
    for each in facts:
        if each.missing:
            say(f"{each.name} cannot be used here: {each.missing}")


def _row(facts: MethodFacts) -> list[str]:
    marks = [facts.volumes, facts.colour, facts.context, facts.profile]
    return [
        facts.name,
        ", ".join(facts.feedback),
        *("yes" if mark else "-" for mark in marks),
        facts.weights[:12] or "none",
    ]
