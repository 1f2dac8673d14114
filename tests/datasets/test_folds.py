from collections import Counter

import pytest

from assent.core.errors import ConfigError
from assent.datasets.folds import in_fold
from assent.datasets.splits import FOLDS, split_of
from assent.datasets.synthetic import open_synthetic

GROUPS = [f"patient {k}" for k in range(400)]


def test_over_five_folds_every_group_is_tested_once_and_validated_once():
    for group in GROUPS:
        seen = Counter(split_of("set", group, fold=fold) for fold in range(FOLDS))
        assert seen == {"train": 3, "val": 1, "test": 1}


def test_the_folds_of_a_set_are_of_about_the_same_size():
    sizes = Counter(split_of("set", group, fold=2) for group in GROUPS)
    assert 0.5 < sizes["train"] / len(GROUPS) < 0.7
    assert 0.12 < sizes["test"] / len(GROUPS) < 0.28


def test_a_dataset_keeps_its_cases_and_facts_under_another_split():
    source = open_synthetic("raters2d")
    assert in_fold(source, 0) is source
    tested = []
    for number in range(1, FOLDS):
        fold = in_fold(source, number)
        facts = (fold.name, fold.use, fold.modality, fold.has_raters)
        assert facts == (source.name, source.use, source.modality, source.has_raters)
        assert [case.id for case in fold.cases()] == [case.id for case in source.cases()]
        train, test = fold.cases("train"), fold.cases("test")
        assert not {case.group for case in train} & {case.group for case in test}
        tested += [case.id for case in test]
    assert len(tested) == len(set(tested))


@pytest.mark.parametrize("number", [-1, FOLDS])
def test_there_are_five_folds(number):
    with pytest.raises(ConfigError, match=rf"There is no fold {number}; expected one from 0 to 4"):
        in_fold(open_synthetic("raters2d"), number)
