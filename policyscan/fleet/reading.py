"""Reads the plans of a batch some way ahead of those who judge them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from policyscan.fleet.listing import Input
from policyscan.fleet.recipe import MIB
from policyscan.fleet.storage import StorageError

_AT_ONCE: Final = 4
_MOST_AHEAD: Final = 8
_AHEAD_BYTES: Final = 32 * MIB
"""Beyond this nothing more is read until something is judged."""
_UNKNOWN_SIZE: Final = 4 * MIB

Read = Callable[[Input], bytes]


def contents(
    plans: Sequence[Input], read: Read, seconds: float
) -> Iterator[tuple[Input, bytes | StorageError]]:
    """Each plan in its turn with its content, or with why it cannot be had.

    What takes longer than these seconds is left to itself. Raises FleetError: nothing can be had.
    """
    left = deque(plans)
    while left:
        readers = ThreadPoolExecutor(_AT_ONCE)
        try:
            yield from _until_one_hangs(left, readers, read, seconds)
        finally:
            readers.shutdown(wait=False, cancel_futures=True)


def _until_one_hangs(
    left: deque[Input], readers: ThreadPoolExecutor, read: Read, seconds: float
) -> Iterator[tuple[Input, bytes | StorageError]]:
    ahead: deque[tuple[Input, Future[bytes]]] = deque()
    size = 0
    while left or ahead:
        while left and (not ahead or (len(ahead) < _MOST_AHEAD and size < _AHEAD_BYTES)):
            each = left.popleft()
            ahead.append((each, readers.submit(read, each)))
            size += _size(each)
        each, reading = ahead.popleft()
        size -= _size(each)
        try:
            content: bytes | StorageError = reading.result(seconds)
        except StorageError as problem:
            content = problem
        except TimeoutError:
            yield each, StorageError(f"reading it took more than {seconds:g} s")
            # Whoever hangs keeps a thread; those behind it are read by others.
            left.extendleft(plan for plan, _ in reversed(ahead))
            return
        yield each, content


def _size(each: Input) -> int:
    return _UNKNOWN_SIZE if each.size is None else each.size
