"""A program that answers as fast as it can, and says which answers were acknowledged.

    python answering.py DATABASE BLOBS KILLS

It forks a child that works on the one task of the store: four answers, an acceptance, the next
session, and so on. After a random number of acknowledged answers the child is killed, and the
next one goes on where it was. Each line of output is one acknowledged answer.
"""

import json
import os
import random
import signal
import sys
from contextlib import suppress

from assent.core.errors import StaleError
from assent.core.feedback import Accept, Pick, to_json
from assent.storage.store import open_store
from storage.work import some_mask, start

ACCEPT = Accept("recommended", 4)


def work(database, blobs, number, pipe):
    chance = random.Random(number)
    with open_store(database, blobs) as store:
        while True:
            session = store.sessions.latest(1, "ada")
            if session is None or session.is_accepted:
                session = store.sessions.open(start(1))
            # Stale is possible: a server may commit what a killed child had asked for.
            with suppress(StaleError):
                for round_ in range(session.round, 5):
                    mask = some_mask(chance.randrange(9)) if round_ == 4 else None
                    given = Pick(chance.randrange(9), round_) if mask is None else ACCEPT
                    store.sessions.give(session.id, given, mask=mask)
                    os.write(pipe, json.dumps([session.id, to_json(given)]).encode() + b"\n")


def run_until_killed(database, blobs, number, answers):
    """Let a child work, kill it after some answers, and return all that it had said by then."""
    from_child, to_parent = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(from_child)
        work(database, blobs, number, to_parent)
    os.close(to_parent)
    with os.fdopen(from_child, encoding="utf-8") as lines:
        said = [next(lines) for _ in range(answers)]
        os.kill(child, signal.SIGKILL)
        said += lines
    os.waitpid(child, 0)
    return said


if __name__ == "__main__":
    chance = random.Random(0)
    for number in range(int(sys.argv[3])):
        told = run_until_killed(*sys.argv[1:3], number, chance.randint(1, 12))
        sys.stdout.write("".join(told))
