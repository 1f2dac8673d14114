import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.errors import ConfigError, FileFormatError, InputError
from assent.services.settings import load_settings

KNOWN = {"posterior", "bench"}
values = st.one_of(
    st.integers(-99, 99), st.booleans(), st.floats(-9, 9), st.text("abc xyz", max_size=6)
)


def test_a_file_is_overridden_by_single_values_and_later_ones_win(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text("top = 1\n[posterior]\na = 1\nb = 1\n[posterior.deep]\nx = 1\ny = 1\n")
    overrides = ["posterior.a=2", "posterior.a=3", "posterior.deep.x=9", "top=5"]
    found = load_settings(file, overrides, known=KNOWN)
    assert found.of("posterior") == {"a": 3, "b": 1, "deep": {"x": 9, "y": 1}}
    assert found.of_method("posterior")["top"] == 5
    assert found.of_method("geodesic") == {"top": 5}
    assert found.of("bench") == {}


@given(st.dictionaries(st.sampled_from("abcd"), values))
def test_values_keep_their_kind_and_order_does_not_change_the_digest(table):
    def word(value):
        text = str(value).lower() if isinstance(value, bool) else repr(value)
        return f'"{value}"' if isinstance(value, str) else text

    texts = [f"posterior.{key}={word(value)}" for key, value in table.items()]
    found = load_settings(None, texts, known=KNOWN)
    assert found.of("posterior") == table
    assert found.digest == load_settings(None, texts[::-1], known=KNOWN).digest


def test_text_needs_no_quotes():
    found = load_settings(None, ["bench.label=left ventricle", "bench.split=val,test"], known=KNOWN)
    assert found.of("bench") == {"label": "left ventricle", "split": "val,test"}


def test_another_value_is_another_digest():
    digests = {load_settings(None, [f"posterior.a={n}"], known=KNOWN).digest for n in range(5)}
    assert len(digests) == 5


@pytest.mark.parametrize("text", ["novalue", "=3", ".a=3", "posterior.=3", "posterior.a.b.=1"])
def test_words_without_key_or_value_are_refused(text):
    with pytest.raises(ConfigError, match="KEY=VALUE"):
        load_settings(None, [text], known=KNOWN)


def test_a_key_below_a_plain_value_is_refused():
    with pytest.raises(ConfigError, match="plain value"):
        load_settings(None, ["posterior.a=1", "posterior.a.b=2"], known=KNOWN)


def test_unknown_tables_are_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"'posteriour'.*bench, posterior"):
        load_settings(None, ["posteriour.a=1"], known=KNOWN)


def test_files_that_are_no_toml_are_named(tmp_path):
    (tmp_path / "bad.toml").write_text("[posterior\n")
    with pytest.raises(FileFormatError, match=r"bad\.toml"):
        load_settings(tmp_path / "bad.toml", known=KNOWN)
    with pytest.raises(InputError, match=r"gone\.toml"):
        load_settings(tmp_path / "gone.toml", known=KNOWN)
