"""Many people at once: no error, how long they wait, and whether memory grows.

python benchmarks/load.py [--people 30] [--minutes 10] [--answers 10000] [--cores 2] [--think 1.6]

Simulated people segment the same folder of 256 x 256 pictures, each at the pace of a person, and
accept, go back and begin again. It goes on until both the minutes are over and the answers given.
Server, computing process and people share the cores. Memory is that of the server and its
processes; its growth is the slope over the second half, when every cache is full. Exit code 1 on
any error, or if memory grows by more than 5 % over 10,000 answers.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from threading import Event

import numpy as np
from ledger import Act
from people import choose
from report import machine, percentile, print_json, print_machine, print_table
from served import TARGET, Server, follow_scan, write_pictures

from assent.client import Client
from assent.client.values import Proposal
from assent.core.errors import AssentError
from assent.core.feedback import to_json

EVERY = 10_000
"""Answers over which growth is stated."""

MOST_GROWTH = 0.05
SAMPLE_S = 1.0


@dataclass(eq=False)
class Person:
    """Works on one image after the other, thinking in between.

    Attributes:
        seconds: How long each request took, by what was asked for.
        errors: What was refused, or had to be asked for again.
    """

    name: str
    think_s: float
    done: Event
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)

    def work(self, address: str) -> None:
        chance = Random(self.name)
        with Client(address, person=self.name, sleep=self._patience) as client:
            images = [image.id for image in client.images(1)]
            shown: Proposal | None = None
            while not self.done.wait(self.think_s * chance.uniform(0.5, 1.5)):
                act = None if shown is None else choose(shown, chance)
                try:
                    begun = time.monotonic()
                    if shown is None or act is None:
                        shown = client.open(chance.choice(images), TARGET, new=True)
                    else:
                        shown = act.send(client, shown)
                    self.seconds[_kind(act)].append(time.monotonic() - begun)
                except AssentError as error:
                    self.errors.append(str(error))
                    shown = None

    def _patience(self, seconds: float) -> None:
        self.errors.append("a request had to be sent again")
        self.done.wait(seconds)

    @property
    def answers(self) -> int:
        """How many requests were answered, openings left out."""
        return sum(len(taken) for kind, taken in self.seconds.items() if kind != "open")


def _kind(act: Act | None) -> str:
    if act is None:
        return "open"
    return act.kind if act.answer is None else to_json(act.answer)["kind"]


@dataclass(frozen=True)
class Memory:
    """What the processes held after so many answers, in MB."""

    answers: int
    server: float
    worker: float


def run(given: argparse.Namespace, people: Sequence[Person], done: Event) -> list[Memory]:
    """Let people work until the minutes are over and the answers given; memory along the way."""
    with tempfile.TemporaryDirectory(prefix="assent-load-") as place:
        home = Path(place)
        write_pictures(home / "images", given.images, given.side)
        with Server(home, "--method", given.method) as server:
            address = server.start()
            with Client(address) as client:
                follow_scan(client)
            with ThreadPoolExecutor(len(people)) as pool:
                working = [pool.submit(person.work, address) for person in people]
                try:
                    return _watched(given, people, server)
                finally:
                    done.set()
                    wait(working)
                    for each in working:
                        each.result()


def _watched(given: argparse.Namespace, people: Sequence[Person], server: Server) -> list[Memory]:
    begun, samples = time.monotonic(), list[Memory]()
    while True:
        answers = sum(person.answers for person in people)
        samples.append(Memory(answers, *server.memory_mb()))
        minutes, held = (time.monotonic() - begun) / 60, samples[-1]
        told = f"{minutes:5.1f} min {answers:6d} answers {held.server:5.0f} + {held.worker:5.0f} MB"
        print(told, end="\r", file=sys.stderr, flush=True)
        if minutes >= given.minutes and answers >= given.answers:
            return samples
        time.sleep(SAMPLE_S)


def growth(samples: Sequence[Memory]) -> dict[str, float]:
    """Memory at the start, at half of the answers and at the end, and its slope from there on.

    Returns:
        MB; ``slope`` is in MB per 10,000 answers, 0 where there are too few samples to tell.

    >>> told = growth([Memory(n, 100.0, 200.0 + n / 10) for n in range(0, 1001, 100)])
    >>> told["start"], told["half"], told["end"], round(told["slope"])
    (300.0, 350.0, 400.0, 1000)
    """
    half = [each for each in samples if 2 * each.answers >= samples[-1].answers]
    answers = np.array([each.answers for each in half], float)
    held = np.array([each.server + each.worker for each in half])
    is_told = len(set(answers)) > 2
    slope = float(np.polyfit(answers, held, 1)[0]) * EVERY if is_told else 0.0
    first = samples[0].server + samples[0].worker
    return {"start": first, "half": float(held[0]), "end": float(held[-1]), "slope": slope}


def main() -> None:
    parser = argparse.ArgumentParser(description="Many people at once.")
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--answers", type=int, default=EVERY, help="at least so many")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--think", type=float, default=1.6, help="mean seconds between requests")
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--method", default="posterior")
    given = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    done = Event()
    people = [Person(f"person {n}", given.think, done) for n in range(given.people)]
    begun = time.monotonic()
    samples = run(given, people, done)
    tell(given, people, samples, time.monotonic() - begun)


def tell(
    given: argparse.Namespace,
    people: Sequence[Person],
    samples: Sequence[Memory],
    seconds: float,
) -> None:
    """Say what came of it, and leave with 1 where a promise is broken."""
    taken: dict[str, list[float]] = defaultdict(list)
    for person in people:
        for kind, some in person.seconds.items():
            taken[kind] += some
    errors = [error for person in people for error in person.errors]
    waited = {
        kind: {
            "count": len(some),
            "median_ms": round(1e3 * median(some)),
            "p95_ms": round(1e3 * percentile(some, 0.95)),
            "longest_ms": round(1e3 * max(some)),
        }
        for kind, some in sorted(taken.items())
    }
    memory = growth(samples)
    answers = sum(person.answers for person in people)
    facts = machine() | {"cores_used": given.cores}
    print_machine(facts)
    print(f"{given.people} people, {answers} answers, {seconds / 60:.1f} min, {len(errors)} errors")
    for error in sorted(set(errors)):
        print(f"  {errors.count(error)} x {error}")
    rows = [[kind, *(str(value) for value in each.values())] for kind, each in waited.items()]
    print_table([["request", "count", "median ms", "p95 ms", "longest ms"], *rows])
    print(
        f"memory {memory['start']:.0f} MB at the start, {memory['half']:.0f} MB half way,"
        f" {memory['end']:.0f} MB at the end; {memory['slope']:+.0f} MB per {EVERY} answers"
    )
    print_json(
        machine=facts,
        people=given.people,
        seconds=round(seconds),
        answers=answers,
        errors=len(errors),
        waited=waited,
        memory_mb={name: round(value, 1) for name, value in memory.items()},
    )
    grows = answers >= EVERY and memory["slope"] > MOST_GROWTH * memory["half"]
    sys.exit(bool(errors) or grows)


if __name__ == "__main__":
    main()
