"""The process that computes: one at a time, started again when it dies or takes too long."""

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic
from typing import Any, Literal, Protocol

from assent.core.errors import AssentError, InputError, OverdueError, WorkerError
from assent.core.progress import stopping
from assent.services.engine import Engine
from assent.services.methods import build_method
from assent.services.trim import trim
from assent.services.turns import Turns, due_time

LOG = logging.getLogger(__name__)
STOP_S = 2.0
"""How long a process may take to leave before it is ended."""

LIMIT_S = 600.0
"""How long one computation, or the start of the process, may take, without the wait for a turn:
after a restart a session of many clicks in a large volume is done again, which takes minutes."""

TRIM_EVERY = 64
"""Computations after which freed memory goes back to the system, which takes some milliseconds."""

STOP = "stop"
"""Sent while work is being done that nobody waits for: somebody waits for something else."""

LOOK_S = 0.01
"""How often such work looks whether somebody waits."""

WorkerState = Literal["ready", "starting", "stopped"]


@dataclass(frozen=True)
class EngineSpec:
    """How to make the engine, wherever it shall run.

    Attributes:
        method: Its name.
        settings: Of the method.
        weights: A weights file, or None for the shipped ones.
        blobs: Place of the blob store.
    """

    method: str
    blobs: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Path | None = None

    def build(self) -> Engine:
        """The engine, ready to use.

        Raises:
            AssentError: As ``build_method``.
        """
        return Engine(build_method(self.method, self.settings, self.weights), self.blobs)


class _BrokenOffError(Exception):
    """Work to be done again, as somebody came; none of the errors that an engine passes over."""


class Computes(Protocol):
    """Whoever answers for an engine."""

    @property
    def state(self) -> WorkerState:
        """Whether it can be asked."""

    @property
    def starts(self) -> int:
        """How often it was started; what it kept in memory is gone each time."""

    def call(self, verb: str, *arguments: Any, is_patient: bool = False) -> Any:
        """What the engine's verb returns.

        Args:
            verb: Which one.
            arguments: Of the verb.
            is_patient: Nobody waits for it: requests of people go first.

        Raises:
            WorkerError: If the process stopped while it worked.
            OverdueError: If it was ended, because it took too long.
            AssentError: What the verb raises.
        """

    def close(self) -> None:
        """Let it go."""


class Worker:
    """A process with an engine. Requests take turns; the next one after its end starts it again."""

    def __init__(self, spec: EngineSpec, *, limit_s: float = LIMIT_S) -> None:
        """Begin; the process starts with the first call.

        Args:
            spec: What it computes with.
            limit_s: Seconds that one computation may take. Everybody waits for it, so the process
                is ended then; the next call starts it again.
        """
        self._spec, self._limit_s = spec, limit_s
        self._turns = Turns()
        self._process: BaseProcess | None = None
        self._link: Connection | None = None
        self._starts = 0
        self._is_starting = False
        self._is_closed = False

    @property
    def state(self) -> WorkerState:
        """Whether it can be asked; a stopped one starts with the next request."""
        if self._is_starting:
            return "starting"
        return "ready" if self._process is not None and self._process.is_alive() else "stopped"

    @property
    def starts(self) -> int:
        """How often the process was started."""
        return self._starts

    @property
    def pid(self) -> int | None:
        """Of the process, if there is one."""
        return None if self._process is None else self._process.pid

    def call(self, verb: str, *arguments: Any, is_patient: bool = False) -> Any:
        """What the engine's verb returns.

        Args:
            verb: Which one.
            arguments: Of the verb.
            is_patient: Nobody waits for it: requests of people go first. It is broken off for
                them, and begun again, for ``turns.HEAD_START_S`` seconds at most.

        Raises:
            WorkerError: If the process stopped while it worked, or did not start in time; the next
                call starts it again.
            OverdueError: If it was ended, because the computation took too long; so, too.
            AssentError: What the verb raises, or what hinders the start.
        """
        due = due_time(is_patient=is_patient)
        while True:
            with self._turns.take(is_patient=is_patient, due=due), suppress(_BrokenOffError):
                return self._asked(self._started(), verb, arguments, due)

    def close(self) -> None:
        """End the process; whoever asks from now on is told."""
        self._is_closed = True
        with self._turns.take():
            self._end()

    def _started(self) -> Connection:
        if self._is_closed:
            raise WorkerError("The server is ending. Start it again, and go on where you were.")
        if self._link is not None and self._process is not None and self._process.is_alive():
            return self._link
        self._end()
        self._is_starting = True
        try:
            # Fresh, not forked: a fork would copy the locks of the server's threads as they are.
            context = get_context("spawn")
            here, there = context.Pipe()
            process = context.Process(
                target=serve, args=(there, self._spec), name="assent worker", daemon=True
            )
            process.start()
            there.close()
            self._process, self._link = process, here
            self._starts += 1
            self._wait(here, LIMIT_S, _late_start)
            self._received(here)
        except BaseException:
            self._end()
            raise
        finally:
            self._is_starting = False
        return here

    def _asked(self, link: Connection, verb: str, arguments: tuple[Any, ...], due: float) -> Any:
        may_stop = monotonic() < due
        try:
            link.send((verb, arguments, may_stop))
            if may_stop and self._is_in_the_way(link, due):
                link.send(STOP)
        except OSError as error:
            raise self._stopped() from error
        self._wait(link, self._limit_s, _overdue)
        return self._received(link)

    def _is_in_the_way(self, link: Connection, due: float) -> bool:
        """Whether somebody came while the work was being done, and before it was due."""
        assert self._process is not None
        while (left := due - monotonic()) > 0:
            if wait([link, self._process.sentinel], min(left, LOOK_S)):
                return False
            if self._turns.is_wanted():
                return True
        return False

    def _wait(self, link: Connection, limit_s: float, late: Callable[[float], WorkerError]) -> None:
        """Until there is a reply, or no process any more that could give one."""
        assert self._process is not None
        if not wait([link, self._process.sentinel], limit_s):
            self._process.kill()
            self._end()
            raise late(limit_s)

    def _received(self, link: Connection) -> Any:
        try:
            is_well, value = link.recv()
        except (EOFError, OSError) as error:
            raise self._stopped() from error
        if is_well:
            return value
        raise value

    def _stopped(self) -> WorkerError:
        self._end()
        return WorkerError(
            "The process that computes stopped, perhaps for lack of memory, and is being started"
            " again. Nothing that was acknowledged is lost: ask again in a few seconds."
        )

    def _end(self) -> None:
        process, link = self._process, self._link
        self._process = self._link = None
        if link is not None:
            link.close()
        if process is not None:
            process.join(STOP_S)
            if process.is_alive():
                process.kill()
                process.join()
            LOG.info("worker ended with %s", process.exitcode)


def _overdue(limit_s: float) -> OverdueError:
    return OverdueError(
        f"The computation took longer than {limit_s:g} seconds and was ended, because everybody"
        " waits for it. Nothing that was acknowledged is lost: answer differently, or use a smaller"
        " image or a faster method."
    )


def _late_start(limit_s: float) -> WorkerError:
    return WorkerError(
        f"The process that computes did not start within {limit_s:g} seconds, and is being started"
        " again. Nothing that was acknowledged is lost; should it not start at all, see to the"
        " server's memory and disk."
    )


def serve(link: Connection, spec: EngineSpec) -> None:
    """The life of the process: build the engine, then answer until nobody asks any more."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    with suppress(EOFError, OSError, KeyboardInterrupt):
        try:
            engine = spec.build()
        except Exception as error:
            _reply(link, is_well=False, value=_told(error))
            return
        _rehearse(engine)
        _reply(link, is_well=True, value=None)
        for number in count(1):
            message = link.recv()
            if message == STOP:  # It came when that work was done.
                continue
            verb, arguments, may_stop = message
            try:
                with stopping(partial(_check, link)) if may_stop else nullcontext():
                    value, is_well = getattr(engine, verb)(*arguments), True
            except Exception as error:
                value, is_well = _told(error), False
            _reply(link, is_well=is_well, value=value)
            if number % TRIM_EVERY == 0:
                trim()


def _check(link: Connection) -> None:
    """Break off if that was said, or nobody is there any more; nothing else is sent meanwhile."""
    if link.poll():
        with suppress(EOFError, OSError):
            link.recv()
        raise _BrokenOffError


def _rehearse(engine: Engine) -> None:
    """Whoever asks first shall not wait for what a first call loads."""
    try:
        engine.rehearse()
    except Exception as error:
        LOG.warning("the rehearsal failed: %s", error)


def _reply(link: Connection, *, is_well: bool, value: Any) -> None:
    link.send((is_well, value))


def _told(error: Exception) -> Exception:
    """What the asking side can raise: our own errors as they are, others by their last words."""
    if isinstance(error, AssentError | _BrokenOffError):
        return error
    if isinstance(error, MemoryError):
        return InputError("There is not enough memory for this image. Use a smaller one.")
    LOG.exception("the engine failed", exc_info=error)
    return RuntimeError(f"{type(error).__name__}: {error}")
