"""Servers without a door: they work on jobs until all are done, or until they are killed.

    python working.py DATABASE HOME FOLDER KINDS DEATH...

One child after the other is forked; the first one starts a job of each of the KINDS (with commas
between them). They write down in ``HOME/log`` what was read, looked at and exported. The DEATH of a
child is the line before which it kills itself, as in "see c.png"; "cancel see c.png" to ask for the
end of all jobs first; "" to live. Each line of output is how a child ended.
"""

import os
import signal
import sys
from pathlib import Path
from threading import Lock

from assent.services import workspace as served
from assent.services.engine import Engine
from assent.services.originals import Originals
from assent.services.propagation import Rest
from assent.storage.store import open_store
from assent.testing.methods import ThresholdMethod

TARGET = "disc"


class Watched:
    """Writes down what was done, and dies when it is time."""

    def __init__(self, log, death):
        self.log, self.death, self.jobs = log, death, None

    def do(self, line, work):
        if line == self.death.removeprefix("cancel "):
            if self.death.startswith("cancel "):
                for job in self.jobs.all():
                    self.jobs.cancel(job.id)
            os.kill(os.getpid(), signal.SIGKILL)
        result = work()
        with self.log.open("a") as lines:
            lines.write(f"{line}\n")
        return result


class Worker:
    """Computes in this process."""

    state, starts = "ready", 1

    def __init__(self, engine, watched):
        self.engine, self.watched, self.turn = engine, watched, Lock()

    def call(self, verb, *arguments, is_patient=False):
        def work():
            with self.turn:
                return getattr(self.engine, verb)(*arguments)

        if verb != "see":
            return work()
        return self.watched.do(f"see {arguments[0].original.path}", work)

    def close(self):
        pass


def work(database, home, folder, death, kinds):
    home = Path(home)
    watched = Watched(home / "log", death)

    class WatchedOriginals(Originals):
        def read(self, original):
            # A scan does not know yet what it will find.
            line = f"{'export' if original.digest else 'scan'} {original.path}"
            return watched.do(line, lambda: super(WatchedOriginals, self).read(original))

    served.Originals = WatchedOriginals
    blobs = str(home / "blobs")
    worker = Worker(Engine(ThresholdMethod(), blobs), watched)
    workspace = served.Workspace(
        open_store(database, blobs),
        worker,
        method="threshold",
        folder=Path(folder),
        exports=home / "exports",
    )
    watched.jobs = workspace.jobs
    workspace.jobs.resume()
    start = {
        "scan": lambda: workspace.rescan(1),
        "propagate": lambda: workspace.propagate(Rest(1, TARGET, "ada")),
        "export": lambda: workspace.export(1, TARGET),
    }
    for kind in kinds:
        start[kind]()
    workspace.jobs.settle()
    workspace.close()


def run(*arguments):
    child = os.fork()
    if child == 0:
        work(*arguments)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    *places, kinds, first, rest = *sys.argv[1:6], sys.argv[6:]
    for death, started in [(first, kinds.split(",")), *((death, []) for death in rest)]:
        sys.stdout.write(f"{run(*places, death, started)}\n")
        sys.stdout.flush()  # or the next child would say it again
