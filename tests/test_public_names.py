import inspect
from importlib.metadata import entry_points

import pytest

import assent
from assent.core.errors import AssentError


def test_all_lists_each_public_name_once_and_in_order():
    assert assent.__all__ == sorted(set(assent.__all__))
    assert all(hasattr(assent, name) for name in assent.__all__)


def test_nothing_else_is_offered():
    offered = {
        name
        for name, value in vars(assent).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert offered == set(assent.__all__)


def test_every_public_name_says_what_it_is():
    assert all(inspect.getdoc(getattr(assent, name)) for name in assent.__all__)


def test_every_deliberate_error_is_one_of_ours():
    names = [error for error in vars(assent.core.errors).values() if inspect.isclass(error)]
    errors = [error for error in names if issubclass(error, Exception)]
    assert errors
    assert all(issubclass(error, AssentError) for error in errors)


@pytest.mark.parametrize("group", ["assent.methods", "assent.datasets"])
def test_every_entry_point_of_ours_can_be_loaded(group):
    points = [p for p in entry_points(group=group) if p.value.startswith("assent.")]
    assert points
    assert all(callable(point.load()) for point in points)
