import sys
from importlib.metadata import EntryPoint

import pytest

from assent.core.errors import ConfigError, MissingExtraError, NotFoundError, WeightsError
from assent.methods import registry
from assent.testing.data import blob

WITHOUT_WEIGHTS = ("geodesic", "nearest-seed", "random-walker")


def install(monkeypatch, target):
    point = EntryPoint("strange", target, registry.GROUP)
    monkeypatch.setattr(registry, "_installed", lambda: {"strange": point})


def test_our_methods_are_registered_like_anybody_elses():
    assert {"posterior", "unet", *WITHOUT_WEIGHTS} <= set(registry.names())
    assert registry.names() == sorted(registry.names())


@pytest.mark.parametrize("name", WITHOUT_WEIGHTS)
def test_a_method_knows_its_registered_name(name):
    assert registry.build(name).name == name


@pytest.mark.parametrize("name", [*WITHOUT_WEIGHTS, "unet"])
def test_equal_settings_have_equal_digests(name):
    plain, same = (registry.build(name).settings_digest for _ in range(2))
    assert plain == same != registry.build(name, settings={"choices": 2}).settings_digest


@pytest.mark.parametrize("name", [*WITHOUT_WEIGHTS, "unet"])
@pytest.mark.parametrize(
    "settings", [{"colour": 1}, {"choices": 0}, {"choices": "many"}, {"working_size": 1}]
)
def test_wrong_settings_are_refused(name, settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        registry.build(name, settings=settings)


def test_an_unknown_method_is_named_beside_the_known():
    with pytest.raises(NotFoundError, match=r"'snake'.*geodesic"):
        registry.build("snake")


def test_a_missing_package_is_named_with_its_remedy(monkeypatch):
    install(monkeypatch, "package_that_nobody_has.method:build")
    with pytest.raises(MissingExtraError, match="pip install package_that_nobody_has"):
        registry.build("strange")


def test_a_missing_module_of_ours_is_a_bug_and_not_an_extra(monkeypatch):
    install(monkeypatch, "assent.methods.nowhere:build")
    with pytest.raises(ModuleNotFoundError):
        registry.build("strange")


def test_strangers_register_through_the_same_door(monkeypatch):
    install(monkeypatch, f"{__name__}:build_strange")
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    assert registry.build("strange", settings={"a": 1}) == ({"a": 1}, None)


def build_strange(settings, weights):
    return settings, weights


def test_the_plain_unet_says_how_to_train_it(tmp_path):
    with pytest.raises(WeightsError, match="assent train unet --data DIR"):
        registry.build("unet").embed(blob().image)
    with pytest.raises(WeightsError, match="no weights file"):
        registry.build("unet", weights=tmp_path / "none.safetensors")
