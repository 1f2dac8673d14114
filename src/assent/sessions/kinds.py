"""Which kinds of answers a piece of feedback holds, and whether a method listens to them."""

from assent.core.errors import InputError
from assent.core.feedback import Accept, Correct, Feedback, Judge, Pick
from assent.core.prompts import BoundingBox, Click, Prompt, Scribble
from assent.methods.protocol import FeedbackKind, Method


def kind_of(prompt: Prompt) -> FeedbackKind:
    """What kind of prompt this is."""
    match prompt:
        case Click():
            return "click"
        case Scribble():
            return "scribble"
        case BoundingBox():
            return "box"


def kinds_of(feedback: Feedback) -> frozenset[FeedbackKind]:
    """The kinds of answers in one piece of feedback; a correction may hold several.

    >>> sorted(kinds_of(Correct((Click((0, 1, 1)), BoundingBox((0, 0, 0), (1, 2, 2))), 0)))
    ['box', 'click']
    """
    match feedback:
        case Pick():
            return frozenset({"pick"})
        case Judge():
            return frozenset({"judge"})
        case Accept():
            return frozenset({"accept"})
        case Correct():
            return frozenset(kind_of(p) for p in feedback.prompts)


def check_listens(method: Method, feedback: Feedback) -> None:
    """Refuse an answer that a method does not listen to; acceptance always passes.

    Raises:
        InputError: Naming the kind, the method and what it listens to.
    """
    heard = method.capabilities.feedback
    ignored = sorted(kinds_of(feedback) - heard - {"accept"})
    if ignored:
        raise InputError(
            f"The method {method.name!r} does not listen to a {ignored[0]}; it listens to:"
            f" {', '.join(sorted(heard)) or 'nothing'}. Answer in one of these ways, or choose"
            " another method."
        )
