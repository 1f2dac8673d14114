"""Five folds: the same split by hash, turned, so that five trainings test every image once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from assent.core.case import Case, Split, TaskSource
from assent.core.errors import ConfigError
from assent.datasets.splits import FOLDS, split_of


@dataclass(frozen=True)
class Fold:
    """A dataset under the split of one fold; a ``TaskSource``."""

    name: str
    use: str
    modality: str
    has_raters: bool
    _cases: tuple[Case, ...] = field(repr=False)

    def cases(self, *splits: Split) -> Sequence[Case]:
        """Cases of the given splits, all when none is given, in the order of the dataset."""
        return [case for case in self._cases if not splits or case.split in splits]


def in_fold(source: TaskSource, number: int) -> TaskSource:
    """The dataset with the split of a fold; fold 0 is the usual split.

    Every group is in the test split of exactly one fold, and in the validation split of the next.

    Args:
        source: A dataset.
        number: From 0 to 4.

    Raises:
        ConfigError: If there is no such fold.
    """
    if not 0 <= number < FOLDS:
        raise ConfigError(f"There is no fold {number}; expected one from 0 to {FOLDS - 1}.")
    if number == 0:
        return source
    turned = (
        replace(case, split=split_of(case.dataset, case.group, fold=number))
        for case in source.cases()
    )
    return Fold(source.name, source.use, source.modality, source.has_raters, tuple(turned))
