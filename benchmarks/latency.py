"""How long one person waits for the server, over HTTP, with 256 x 256 pictures.

python benchmarks/latency.py [--repeats 20] [--method posterior] [--json]

Targets hold for 95 of 100 requests (p95). A picture that is opened anew lies at the end of the
queue; a prefetched one is next in it, and the server says that it is prepared, as is the one after
it. One that is opened right after an acceptance is not: it begins with one more example and another
profile.
"""

import argparse
import gzip
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median

import httpx
from report import machine, percentile, print_json, print_machine, print_table
from served import PATIENCE_S, TARGET, Server, follow_scan, write_pictures

import assent
from assent.client import Client
from assent.client.values import Proposal
from assent.core.feedback import Correct, Pick
from assent.core.prompts import Click
from assent.services.ahead import AHEAD

SIDE, PICKS = 256, 3
PAGE = Path(assent.__file__).parent / "interfaces" / "web" / "dist"


@dataclass(frozen=True)
class Row:
    """One promise: median and p95 of what was measured, and what p95 may be, in the same unit."""

    what: str
    median: float
    p95: float
    unit: str
    target: float | None
    repeats: int


def row(what: str, values: list[float], unit: str, target: float | None) -> Row:
    if not values:
        return Row(f"{what} (not offered)", float("nan"), float("nan"), unit, target, 0)
    return Row(what, median(values), percentile(values, 0.95), unit, target, len(values))


def answered(work: Callable[[], Proposal]) -> tuple[Proposal, float]:
    """A reply, and how many milliseconds it took."""
    begun = time.perf_counter()
    reply = work()
    return reply, 1e3 * (time.perf_counter() - begun)


class Desk:
    """One person at work, with what each kind of request took, in ms."""

    def __init__(self, http: httpx.Client) -> None:
        self._http, self._client = http, Client(http=http)
        self._anew = 0
        self.taken: dict[str, list[float]] = defaultdict(list)

    def timed(self, kind: str, work: Callable[[], Proposal]) -> Proposal:
        reply, milliseconds = answered(work)
        self.taken[kind].append(milliseconds)
        return reply

    def two_pictures(self) -> None:
        """Open a prefetched picture, answer, look at one from the end of the queue, accept; then
        open the next at once, and accept it."""
        queue = self._prefetched()
        shown = self.timed("prefetched", partial(self._open, queue[0]))
        _, height, width = shown.image.shape_dhw
        click = Correct((Click((0, height // 2, width // 2)),), shown.round)
        shown = self.timed("click", partial(self._client.answer, shown.session, click))
        for _ in range(PICKS):
            if shown.alternatives:
                pick = Pick(0, shown.round)
                shown = self.timed("pick", partial(self._client.answer, shown.session, pick))
        self._anew += 1
        self.timed("new", partial(self._open, queue[-self._anew]))
        self.timed("accept", partial(self._client.accept, shown))
        shown = self.timed("next", partial(self._open, queue[1]))
        self._client.accept(shown)

    def _open(self, image: int) -> Proposal:
        return self._client.open(image, TARGET)

    def _prefetched(self) -> list[int]:
        """Open images in their order, once no more of them will be prepared."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            told = self._http.get("/api/v1/projects/1/tasks", params={"target": TARGET}).json()
            left = [task for task in told["tasks"] if task["state"] == "open"]
            if all(task["is_prefetched"] for task in left[:AHEAD]):
                return [task["image"]["id"] for task in left]
            time.sleep(0.02)
        raise TimeoutError(f"No picture was prepared within {PATIENCE_S:g} s.")


def start_rows(home: Path, words: list[str], repeats: int) -> Iterator[Row]:
    """A server that was not there: until it listens, and until somebody sees a first proposal."""
    listens, seen = [], []
    for number in range(repeats):
        folder = home / str(number)
        write_pictures(folder / "images", 1, SIDE)
        with Server(folder, *words) as server:
            begun = time.perf_counter()
            server.launch()
            address = server.address()
            listens.append(time.perf_counter() - begun)
            with Client(address) as client:
                follow_scan(client)
                client.open(client.images(1)[0].id, TARGET)
            seen.append(time.perf_counter() - begun)
    yield row("start until it listens", listens, "s", None)
    yield row("start until a first proposal", seen, "s", None)


def desk_rows(home: Path, words: list[str], repeats: int) -> Iterator[Row]:
    """One person at work on a server that is ready."""
    write_pictures(home / "images", 3 * repeats + 1, SIDE)
    with Server(home, *words) as server:
        http = httpx.Client(base_url=server.start(), timeout=PATIENCE_S)
        follow_scan(Client(http=http))
        desk = Desk(http)
        yield row("idle memory, all processes", [sum(server.memory_mb())], "MB", 1000)
        for _ in range(repeats):
            desk.two_pictures()
    yield row("first proposal, picture opened anew", desk.taken["new"], "ms", 800)
    yield row("first proposal, prefetched picture", desk.taken["prefetched"], "ms", 150)
    yield row("first proposal, right after an acceptance", desk.taken["next"], "ms", 800)
    yield row("answer to a pick", desk.taken["pick"], "ms", 150)
    yield row("answer to a click", desk.taken["click"], "ms", None)
    yield row("acceptance", desk.taken["accept"], "ms", None)


def page_rows() -> Iterator[Row]:
    """What a browser loads before the page shows anything, compressed."""
    index = PAGE / "index.html"
    if not index.is_file():
        return
    told = index.read_text(encoding="utf-8")
    names = re.findall(r'(?:src|href)="\./([^"]+\.(?:js|css))"', told)
    sizes = [len(gzip.compress((PAGE / name).read_bytes())) for name in names]
    yield row("entry bundle of the page, gzipped", [sum(sizes) / 1e3], "kB", 450)


def main() -> None:
    parser = argparse.ArgumentParser(description="How long one person waits, over HTTP.")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--method", default="posterior")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    words = ["--method", given.method]
    with tempfile.TemporaryDirectory(prefix="assent-latency-") as place:
        rows = [
            *start_rows(Path(place) / "starts", words, given.starts),
            *desk_rows(Path(place) / "desk", words, given.repeats),
            *page_rows(),
        ]
    facts = machine()
    if given.json:
        print_json(machine=facts, method=given.method, rows=[asdict(each) for each in rows])
        return
    print_machine(facts)
    told = [
        [
            each.what,
            f"{each.median:.1f} {each.unit}",
            f"{each.p95:.1f} {each.unit}",
            str(each.target or ""),
            str(each.repeats),
        ]
        for each in rows
    ]
    print_table([["what", "median", "p95", "target", "repeats"], *told])


if __name__ == "__main__":
    main()
