"""Kill the server at random moments: no acknowledged answer may be lost, none may count twice.

python benchmarks/crash.py [--kills 1000] [--database sqlite|postgres|both] [--lanes N] [--seed 0]
    [--method geodesic]

Simulated people, each lane on a server of its own, finish an image each, and what it teaches is
learned. Then they answer as fast as they can. The server is killed (SIGKILL), one time in eight
while it starts, and started again. Then each person looks at the last sessions: they must show what
was acknowledged, bit for bit. What was under way is asked for again and must count once. In the end
every session is opened again, and compared with the database: its answers, its audit, and its masks
with a replay from what it began with. Exit code 1 on any fault.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from threading import Semaphore

import httpx
import stored
from ledger import Sitting
from people import choose
from report import machine, print_json, print_machine, print_table
from served import PATIENCE_S, TARGET, Server, follow_scan, write_pictures

from assent.client import Client, RefusedError
from assent.services.methods import build_method, method_names
from assent.services.worker import EngineSpec, Worker
from assent.storage.store import open_store

PEOPLE = ("ada", "ben")
PICTURES, SIDE = 4, 48
STARTING = 0.125
"""Share of the kills that fall into the start."""

START_S = 1.5
"""A kill while the server starts comes up to so long after the start."""

ACTS, MOMENT_S = 20, 0.05
"""Any other comes after fewer acknowledged acts than this, and up to so long after the last."""

COUNTED = (
    "kills",
    "starting",
    "sessions",
    "with_context",
    "with_profile",
    "acknowledged",
    "resent",
    "stored_before",
    "lost",
    "doubled",
    "differs",
    "refused",
)
FAULTS = COUNTED[-4:]


class AwayError(Exception):
    """The server is gone; its people wait for the next one."""


@dataclass(eq=False)
class Person:
    """Works on one image after the other, and knows what was acknowledged."""

    name: str
    chance: Random
    tally: Counter[str] = field(default_factory=Counter)
    sittings: dict[int, Sitting] = field(default_factory=dict)
    recent: list[Sitting] = field(default_factory=list)

    def begin(self, address: str, *, learns: bool) -> None:
        """Finish one image, and wait until it taught the profile of a method that ``learns`` one.

        Raises:
            TimeoutError: If that takes more than ``PATIENCE_S``.
        """
        until = time.monotonic() + PATIENCE_S
        with Client(address, person=self.name) as client:
            images = [image.id for image in client.images(1)]
            while not (is_done := self._has_finished) or (learns and not self._is_known(address)):
                if time.monotonic() > until:
                    raise TimeoutError(f"{self.name} has not begun after {PATIENCE_S:g} s.")
                if is_done:
                    time.sleep(0.1)
                else:
                    self._step(client, images)

    def work(self, address: str, told: Semaphore) -> None:
        """Look at the sessions of the server before, then answer until this one is gone.

        Args:
            address: Of the server.
            told: Released at every act that is acknowledged.
        """
        with suppress(AwayError), self._client(address) as client:
            self._look(client, list(self.recent))
            del self.recent[:-1]
            images = [image.id for image in client.images(1)]
            while True:
                self._step(client, images)
                told.release()

    def look_back(self, address: str) -> None:
        """Look at every session."""
        with self._client(address) as client:
            self._look(client, list(self.sittings.values()))

    @property
    def _has_finished(self) -> bool:
        return bool(self.recent) and self.recent[-1].shown.is_accepted

    def _is_known(self, address: str) -> bool:
        """Whether something was learned of this person."""
        profile = httpx.get(f"{address}/api/v1/profiles/{self.name}", timeout=PATIENCE_S)
        return bool(profile.json()["images"])

    def _client(self, address: str) -> Client:
        def away(_: float) -> None:
            raise AwayError

        return Client(address, person=self.name, sleep=away)

    def _look(self, client: Client, sittings: Sequence[Sitting]) -> None:
        for sitting in sittings:
            try:
                sitting.look(client, self.tally)
            except RefusedError as error:
                self._refused(error)

    def _step(self, client: Client, images: Sequence[int]) -> None:
        try:
            act = choose(self.recent[-1].shown, self.chance) if self.recent else None
            if act is None:
                self._open(client, self.chance.choice(images))
            else:
                self.recent[-1].ask(client, act)
                self.tally["acknowledged"] += 1
        except RefusedError as error:
            self._refused(error)

    def _open(self, client: Client, image: int) -> None:
        """Begin on an image; one whose opening was not acknowledged is empty, and goes on."""
        shown = client.open(image, TARGET)
        if shown.session in self.sittings:
            shown = client.open(image, TARGET, new=True)
        self.tally["doubled"] += shown.rounds
        self.tally["sessions"] += 1
        self.sittings[shown.session] = Sitting(shown)
        self.recent.append(self.sittings[shown.session])

    def _refused(self, error: RefusedError) -> None:
        """Count it, and leave the session alone from now on."""
        print(f"{self.name} was refused: {error}", file=sys.stderr)
        self.tally["refused"] += 1
        self.recent.clear()


def run_lane(method: str, home: Path, database: str, kills: int, seed: int) -> Counter[str]:
    """Let people work on a server that is killed so often; what was counted."""
    chance = Random(seed)
    people = [Person(name, Random(f"{seed} {name}")) for name in PEOPLE]
    write_pictures(home / "images", PICTURES, SIDE)
    words = ("--method", method, "--database", database, "--store", "blobs")
    learns = build_method(method, {}, None).capabilities.profile
    tally: Counter[str] = Counter(kills=kills)
    with Server(home, *words) as server, ThreadPoolExecutor(len(people)) as pool:
        address = _scan(server)
        begin = partial(Person.begin, address=address, learns=learns)
        list(pool.map(begin, people))
        server.kill()
        for _ in range(kills):
            server.launch()
            if chance.random() < STARTING:
                tally["starting"] += 1
                time.sleep(chance.uniform(0, START_S))
                server.kill()
                continue
            told, address = Semaphore(0), server.address()
            working = [pool.submit(person.work, address, told) for person in people]
            is_alive = all(told.acquire(timeout=PATIENCE_S) for _ in range(chance.randrange(ACTS)))
            time.sleep(chance.uniform(0, MOMENT_S))
            server.kill()
            tally["refused"] += not is_alive
            for each in working:
                each.result()
        list(pool.map(partial(Person.look_back, address=server.start()), people))
    sittings = {id_: sitting for person in people for id_, sitting in person.sittings.items()}
    blobs = home / "blobs"
    with (
        open_store(database, blobs) as store,
        closing(Worker(EngineSpec(method, str(blobs)))) as worker,
    ):
        tally.update(stored.check(store, worker, sittings))
    return sum((person.tally for person in people), tally)


def _scan(server: Server) -> str:
    """Start, and take the folder in; returns the address."""
    address = server.start()
    with Client(address) as client:
        follow_scan(client)
    return address


def run(method: str, kind: str, kills: int, lanes: int, seed: int) -> Counter[str]:
    """All lanes on one kind of database, at the same time."""
    with tempfile.TemporaryDirectory(prefix="assent-crash-") as place, databases(kind) as of_lane:
        homes = [Path(place) / str(lane) for lane in range(lanes)]
        shares = [(kills + lane) // lanes for lane in range(lanes)]
        with ThreadPoolExecutor(lanes) as pool:
            urls = [of_lane(home) for home in homes]
            seeds = [1000 * seed + lane for lane in range(lanes)]
            of_method = partial(run_lane, method)
            return sum(pool.map(of_method, homes, urls, shares, seeds), Counter())


@contextmanager
def databases(kind: str) -> Iterator[Callable[[Path], str]]:
    """What gives each lane the URL of an empty database."""
    if kind == "sqlite":
        yield partial("sqlite:///{}/assent.db".format)
        return
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from storage.cluster import find_programs, new_schema, running

    programs = find_programs()
    if programs is None:
        raise SystemExit("There are no programs of PostgreSQL's server: apt-get install postgresql")
    with running(programs) as server:
        yield lambda home: new_schema(server, f"lane{home.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill the server, and see that nothing is lost.")
    parser.add_argument("--kills", type=int, default=1000, help="of each database")
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--lanes", type=int, default=os.cpu_count(), help="servers at once")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--method", choices=method_names(), default="geodesic")
    given = parser.parse_args()
    # As many servers as processors: more threads each would only wait for each other.
    os.environ["OMP_NUM_THREADS"] = "1"
    kinds = ("sqlite", "postgres") if given.database == "both" else (given.database,)
    lanes = max(1, min(given.lanes, given.kills))
    found = {}
    for kind in kinds:
        begun = time.monotonic()
        counted = run(given.method, kind, given.kills, lanes, given.seed)
        found[kind] = {name: counted[name] for name in COUNTED}
        found[kind]["seconds"] = round(time.monotonic() - begun)
        print(f"{kind}: {found[kind]}", file=sys.stderr, flush=True)
    facts = machine()
    print_machine(facts)
    rows = [[kind, *map(str, counts.values())] for kind, counts in found.items()]
    print_table([["database", *COUNTED, "seconds"], *rows])
    print_json(machine=facts, method=given.method, kills=given.kills, lanes=lanes, databases=found)
    sys.exit(any(counts[name] for counts in found.values() for name in FAULTS))


if __name__ == "__main__":
    main()
