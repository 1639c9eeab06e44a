"""Work that falls into parts, on several processors: the parts are what they are, however many there are."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from threading import Thread
from typing import Any, TypeVar

import torch

Part = TypeVar("Part")

_PARTS: list[Callable[[Callable[[Any], None]], Any]] = []
"""What is to be done, in memory when the workers are forked, so that nothing has to be sent to them."""

_QUEUE: list[Any] = []
"""Where workers tell how far they are; one at most."""


def processors() -> int:
    """Processors this process may use; 1 where forking is not safe."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def side_by_side(
    parts: Sequence[Callable[[Callable[[Any], None]], Part]], told: Callable[[Any], None], workers: int
) -> list[Part]:
    """What each part comes to, in order.

    :param parts: each is called with what it may tell something to meanwhile.
    :param told: gets what the parts tell.
    :param workers: processes; 1 for none but this one.
    """
    if workers == 1 or len(parts) == 1:
        return [part(told) for part in parts]
    context = get_context("fork")
    queue = context.SimpleQueue()
    listener = Thread(target=_listen, args=(queue, told), daemon=True)
    listener.start()
    _PARTS[:], _QUEUE[:] = parts, [queue]
    try:
        with context.Pool(min(workers, len(parts)), initializer=_begin) as pool:
            found = pool.map(_do, range(len(parts)), chunksize=1)
    finally:
        _PARTS.clear()
        _QUEUE.clear()
    # Not after an interrupt: a worker that was stopped while it told something holds the lock of the queue for ever.
    queue.put(None)
    listener.join()
    return found


def _begin() -> None:
    """Leave interrupts to the parent, and threads: where it has had some, a forked child waits for them for ever.

    Affinities that compute in parallel set PyTorch's threads back to as many as there are processors.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)


def _do(number: int) -> Any:
    return _PARTS[number](_QUEUE[0].put)


def _listen(queue: Any, told: Callable[[Any], None]) -> None:
    while (said := queue.get()) is not None:
        told(said)
