"""Splits depend on dataset and group alone, in the stated shares."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from assent.datasets.splits import GROUP_KEYS, group_of, split_of


def test_shares_are_60_20_20():
    counts = Counter(split_of("any", str(n)) for n in range(5000))
    assert abs(counts["train"] / 5000 - 0.6) < 0.03
    assert abs(counts["val"] / 5000 - 0.2) < 0.03
    assert abs(counts["test"] / 5000 - 0.2) < 0.03


def test_splits_of_known_groups_never_move():
    # Published figures depend on these; a change here invalidates them.
    known = {
        ("bubil_ds1", "000"): "val",
        ("wbc_jtsc", "001"): "train",
        ("wbc_jtsc", "002"): "test",
        ("sunnybrook_lv", "SC-HF-I-01"): "val",
    }
    assert {key: split_of(*key) for key in known} == known


@given(st.sets(st.sampled_from(GROUP_KEYS), min_size=1))
def test_the_first_fact_in_order_names_the_group(keys):
    item = {key: f"value of {key}" for key in keys}
    first = next(key for key in GROUP_KEYS if key in keys)
    assert group_of(item) == f"value of {first}"


def test_a_group_of_zero_is_a_group_and_null_is_not():
    assert group_of({"section": 0, "id": "7"}) == "0"
    assert group_of({"patient": None, "id": "7"}) == "7"
