"""A small dataset with two raters, and methods that note what they are asked."""

from collections import Counter
from dataclasses import dataclass, replace

from scipy import ndimage

from assent.core.case import Case, Reference
from assent.testing import ThresholdMethod
from assent.testing.data import blob

SPLITS = ("train", "train", "train", "val", "test", "test")


@dataclass(frozen=True)
class Blobs:
    """Blobs drawn by a tight and a wide rater; some may be broken or empty."""

    images: int = 6
    broken: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    depth: int = 1
    per_group: int = 1
    raters: tuple[str, ...] = ("tight", "wide")
    name: str = "blobs"
    use: str = "train"
    modality: str = "phantom"
    has_raters: bool = True

    def cases(self, *splits):
        found = [self._case(n) for n in range(self.images)]
        return [c for c in found if not splits or c.split in splits]

    def _case(self, number):
        name = f"{number:02d}"
        references = tuple(
            Reference("blob", rater, lambda rater=rater: self._mask(number, rater))
            for rater in self.raters
        )
        first = number - number % self.per_group
        split, group = SPLITS[first % len(SPLITS)], f"{first:02d}"
        return Case(name, self.name, group, split, lambda: self._example(number).image, references)

    def _example(self, number):
        if f"{number:02d}" in self.broken:
            raise OSError("the file is damaged")
        return blob((self.depth, 21, 25), seed=number)

    def _mask(self, number, rater):
        reference = self._example(number).reference
        if f"{number:02d}" in self.empty and rater == self.raters[0]:
            return reference & False
        return ndimage.binary_dilation(reference) if rater == "wide" else reference


class Noting(ThresholdMethod):
    """Counts the verbs, and notes priors, seeds and answers."""

    def __init__(self):
        super().__init__()
        self.calls = Counter()
        self.priors, self.given, self.memories = [], [], []

    def embed(self, image):
        self.calls["embed"] += 1
        return super().embed(image)

    def remember(self, entry):
        self.calls["remember"] += 1
        return super().remember(entry)

    def begin(self, embedding, *, memory, prior, seed):
        self.priors.append(prior)
        self.memories.append(memory)
        return super().begin(embedding, memory=memory, prior=prior, seed=seed)

    def update(self, embedding, state, feedback):
        self.given.append(feedback)
        return super().update(embedding, state, feedback)


class Shy(Noting):
    """Must be told which object is meant."""

    capabilities = replace(ThresholdMethod.capabilities, needs_first_prompt=True)
