"""Batches for training, drawn when they are asked for or ahead of it in other processes.

On a CPU a step takes far longer than its images; a GPU would wait for them.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess

import torch

from assent.methods.posterior.episodes import Batch, EpisodeMix, EpisodeSampler
from assent.methods.posterior.tasks import Task

AHEAD = 2
"""Batches that each process prepares before they are asked for."""

Asked = tuple[int, int]
"""Episodes and side."""

Open = Callable[[Sequence[Task], EpisodeMix, Sequence[int]], Executor]
"""Starts something that draws from tasks by a mix and a seed when ``draw`` is submitted to it."""


class Batches:
    """Batches of one seed, the same ones in the same order however fast the processes are.

    Args:
        tasks: Real tasks of the training split.
        mix: Shares of episode kinds.
        seed: Of every draw; with other processes each adds its number.
        workers: Processes that draw ahead; 0 draws here, when asked.
        open_worker: Starts one.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        mix: EpisodeMix,
        *,
        seed: Sequence[int],
        workers: int,
        open_worker: Open | None = None,
    ) -> None:
        self._here = EpisodeSampler(tasks, mix, seed=seed) if workers == 0 else None
        start = open_worker or _open_process
        self._workers = [start(tasks, mix, [*seed, number]) for number in range(workers)]
        self._coming: deque[tuple[Asked, Future[Batch]]] = deque()
        self._asked = 0

    def batch(self, episodes: int, side: int) -> Batch:
        """``episodes`` episodes at ``side`` x ``side`` pixels.

        What was prepared ahead for another size is thrown away.
        """
        if self._here is not None:
            return self._here.batch(episodes, side)
        wanted = (episodes, side)
        while self._coming and self._coming[0][0] != wanted:
            self._coming.popleft()
        while len(self._coming) < AHEAD * len(self._workers):
            worker = self._workers[self._asked % len(self._workers)]
            self._coming.append((wanted, worker.submit(draw, episodes, side)))
            self._asked += 1
        return self._coming.popleft()[1].result()

    def close(self) -> None:
        """End the processes; what they prepared is lost."""
        for worker in self._workers:
            worker.shutdown(wait=False, cancel_futures=True)


_SAMPLERS: list[EpisodeSampler] = []
"""The sampler of this process, if it was started to draw."""


def draw(episodes: int, side: int) -> Batch:
    """A batch, in a process that ``begin_drawing`` prepared."""
    return _SAMPLERS[-1].batch(episodes, side)


def begin_drawing(tasks: Sequence[Task], mix: EpisodeMix, seed: Sequence[int]) -> None:
    """Make this a process that draws; Ctrl-C is left to the one that asks, and it dies with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if (asking := parent_process()) is not None:
        threading.Thread(target=_outlive, args=(asking,), daemon=True).start()
    torch.set_num_threads(1)
    _SAMPLERS.append(EpisodeSampler(tasks, mix, seed=seed))


def _outlive(asking: BaseProcess) -> None:
    """End this process when the one that asks was killed, and cannot end it any more."""
    asking.join()
    os._exit(1)


def _open_process(tasks: Sequence[Task], mix: EpisodeMix, seed: Sequence[int]) -> Executor:
    return ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=begin_drawing, initargs=(tasks, mix, seed)
    )
