"""How fast the product answers: one median per promise, with the machine it was measured on.

python benchmarks/speed.py [--method posterior] [--set use_network=false] [--json]
"""

import argparse
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from time import perf_counter

import numpy as np
from report import machine, print_json, print_machine, print_table

from assent.core.context import ContextEntry
from assent.core.feedback import Correct, Pick
from assent.core.image import Image, from_array
from assent.core.progress import watching
from assent.core.prompts import Click
from assent.methods import registry
from assent.methods.protocol import Memory, Method
from assent.models.device import thread_count
from assent.services.settings import load_settings
from assent.sessions.session import Session

SIDE, DEPTH, WIDE = 256, 100, 512
DISTINCT = 16


@dataclass(frozen=True)
class Row:
    """One promise: what was measured, its median, and the target (in the same unit)."""

    what: str
    median: float
    unit: str
    target: float | None
    repeats: int


def disc_image(seed: int, shape: tuple[int, ...], spacing: tuple[float, float, float]) -> Image:
    """A bright ball with a border that fades, in noise."""
    rng = np.random.default_rng(seed)
    axes = np.ogrid[tuple(slice(-1, 1, complex(0, n)) for n in shape)]
    radius = np.sqrt(sum(axis**2 for axis in axes))
    voxels = 200 / (1 + np.exp((radius - 0.45) * 20)) + rng.normal(0, 12, shape)
    return from_array(voxels, spacing_zyx_mm=spacing, name="phantom")


def column_image(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> Image:
    """A bright column through all slices that leans a little, in noise."""
    rng = np.random.default_rng(0)
    z, y, x = np.ogrid[tuple(slice(-1, 1, complex(0, n)) for n in shape)]
    radius = np.hypot(y - 0.1 * z, x)
    voxels = 200 / (1 + np.exp((radius - 0.3) * 20)) + rng.normal(0, 12, shape)
    return from_array(voxels, spacing_zyx_mm=spacing, name="phantom")


def click(image: Image, offset: int = 0) -> Click:
    depth, height, width = image.shape_dhw
    return Click((depth // 2, height // 2, width // 2 + offset))


def seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def answers(method: Method, image: Image, memory: list[Memory], repeats: int) -> list[list[float]]:
    """Seconds of a pick and of a click in a session that heard one click before."""
    entries = [
        ContextEntry(str(n), image, np.ones(image.shape_dhw, bool)) for n in range(len(memory))
    ]
    picks, clicks = [], []
    for repeat in range(repeats + 1):
        session = Session(method, image, context=entries, memory=memory, seed=repeat)
        shown = session.give(Correct((click(image),), 0))
        if len(shown.alternatives):
            picks.append(seconds(partial(session.give, Pick(0, session.round))))
        corrected = Correct((click(image, image.shape_dhw[2] // 6),), session.round)
        clicks.append(seconds(partial(session.give, corrected)))
    # The first one warms caches up.
    return [picks[1:], clicks[1:]]


def remembered(method: Method, count: int) -> list[Memory]:
    """Memories of finished images; a few distinct ones, repeated."""
    memory = []
    for seed in range(min(count, DISTINCT)):
        image = disc_image(seed, (SIDE, SIDE), (1, 1, 1))
        mask = image.voxels[0] > 100
        memory.append(method.remember(ContextEntry(str(seed), image, mask)))
    return [memory[number % DISTINCT] for number in range(count)]


def slice_rows(method: Method, repeats: int) -> Iterator[Row]:
    image = disc_image(0, (SIDE, SIDE), (1, 1, 1))
    opened = [seconds(lambda: Session(method, image).propose()) for _ in range(repeats + 1)]
    yield row("open 256 x 256 to first proposal", opened[1:], 1e3, 500)
    picks, _ = answers(method, image, [], repeats)
    yield row("answer to a pick, 256 x 256", picks, 1e3, 100)
    if not method.capabilities.context:
        return
    _, with_64 = answers(method, image, remembered(method, 64), repeats)
    yield row("answer to a click, context of 64", with_64, 1e3, 200)
    _, one = answers(method, image, remembered(method, 1), repeats)
    _, many = answers(method, image, remembered(method, 1000), repeats)
    ratio = median(many) / median(one)
    yield Row("answer to a click, context of 1000 against 1", ratio, "x", 1.2, repeats)


def volume_rows(method: Method) -> Iterator[Row]:
    image = disc_image(0, (DEPTH, WIDE, WIDE), (2.0, 0.8, 0.8))
    begun = perf_counter()
    session = Session(method, image)
    session.propose()
    yield row("open 512 x 512 x 100, whole volume", [perf_counter() - begun], 1, 15)
    # The first click follows the object through all slices, the second corrects one of them.
    for what, offset in (("first", 0), ("second", 60)):
        corrected = Correct((click(image, offset),), session.round)
        taken = seconds(partial(session.give, corrected))
        yield row(f"{what} click in 512 x 512 x 100", [taken], 1, 3)
    offered = len(session.propose().alternatives) > 0
    picked = [seconds(lambda: session.give(Pick(0, session.round)))] if offered else []
    yield row("a pick in 512 x 512 x 100", picked, 1, 3)
    yield from through_rows(method)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    yield Row("peak memory of all of this", peak, "GiB", 3, 1)


def through_rows(method: Method) -> Iterator[Row]:
    """An object on all slices: the whole answer, and when the shown slice is seen of it."""
    image = column_image((DEPTH, WIDE, WIDE), (2.0, 0.8, 0.8))
    session = Session(method, image)
    session.propose()
    seen: list[float] = []
    begun = perf_counter()
    with watching(DEPTH // 2, lambda _: seen.append(perf_counter() - begun)):
        session.give(Correct((click(image),), 0))
    yield row("its slice of a click on an object of 100 slices", seen[:1], 1, 1)
    yield row("that click, whole volume", [perf_counter() - begun], 1, 3)


def start_rows(repeats: int) -> Iterator[Row]:
    for what, words, target in (
        ("import assent", ["-c", "import assent"], 300),
        ("assent --help", ["-m", "assent", "--help"], 500),
    ):
        run = [sys.executable, *words]
        taken = [
            seconds(partial(subprocess.run, run, check=True, capture_output=True))
            for _ in range(repeats + 1)
        ]
        yield row(what, taken[1:], 1e3, target)


def row(what: str, taken: list[float], scale: float, target: float) -> Row:
    unit = {1e3: "ms", 1: "s"}[scale]
    if not taken:
        return Row(f"{what} (not offered)", float("nan"), unit, target, 0)
    return Row(what, median(taken) * scale, unit, target, len(taken))


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast the product answers.")
    parser.add_argument("--method", default="posterior")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--no-volume", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    settings = load_settings(None, given.set, known=registry.names())
    method = registry.build(given.method, settings=settings.of_method(given.method))
    rows = [*start_rows(given.repeats), *slice_rows(method, given.repeats)]
    if not given.no_volume and method.capabilities.volumes:
        rows += volume_rows(method)
    facts = machine(thread_count())
    if given.json:
        print_json(machine=facts, method=method.name, rows=[asdict(each) for each in rows])
        return
    print_machine(facts)
    told = [
        [each.what, f"{each.median:.1f} {each.unit}", str(each.target), str(each.repeats)]
        for each in rows
    ]
    print_table([["what", "median", "target", "repeats"], *told])


if __name__ == "__main__":
    main()
