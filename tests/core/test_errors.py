"""One tree of deliberate errors, as drawn."""

import inspect
import pickle
import re

import pytest

from assent.core import errors


def drawn_tree() -> dict[str, str]:
    """Child to parent, read from the picture in the module's docstring."""
    parents: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^((?:[│ ]   )*(?:[├└]── )?)(\w+Error)\b", line)
        if found:
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            if depth:
                parents[found[2]] = above[depth - 1]
    return parents


def test_the_picture_shows_every_class_under_its_parent():
    classes = {
        name: kind.__bases__[0].__name__
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.AssentError) and kind is not errors.AssentError
    }
    assert classes
    assert drawn_tree() == classes


def test_deliberate_errors_can_be_told_from_bugs():
    assert issubclass(errors.AssentError, Exception)
    for builtin in (ValueError, KeyError, TypeError, OSError):
        assert not issubclass(errors.AssentError, builtin)


def test_an_unknown_name_is_answered_with_the_known_ones_in_order():
    error = errors.NotFoundError("method", "spaa", known=["uair", "spa"])
    assert str(error) == "There is no method named 'spaa'. Known: spa, uair."
    assert (error.kind, error.name) == ("method", "spaa")


def test_known_numbers_come_by_their_value():
    error = errors.NotFoundError("task", "9", known=["10", "…", "8", "11", "7"])
    assert str(error).endswith("Known: 7, 8, 10, 11, ….")


def test_an_unknown_name_where_nothing_is_known():
    error = errors.NotFoundError("dataset", "x", known=iter(()))
    assert str(error) == "There is no dataset named 'x'. Known: none."


@pytest.mark.parametrize(
    "error",
    [
        errors.InputError("a sentence"),
        errors.NotFoundError("method", "x", known=["a", "b"]),
    ],
)
def test_errors_travel_between_processes(error):
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
