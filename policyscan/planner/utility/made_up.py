"""Deterministic characters and numbers, drawn from a seed."""

from __future__ import annotations

import hashlib
from itertools import count
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")


def made_up_bytes(seed: str, length: int) -> bytes:
    """As many bytes as asked for, which follow from the seed alone."""
    stream = _stream(seed)
    return bytes(next(stream) for _ in range(length))


def picked(seed: str, alphabet: str, length: int) -> str:
    """Draw characters of an alphabet.

    Example: `picked("any seed", "01", 3)` is three binary digits, the same each time.
    """
    return "".join(alphabet[byte % len(alphabet)] for byte in made_up_bytes(seed, length))


def shuffled(seed: str, values: Sequence[T]) -> list[T]:
    """The same values in an order that follows from the seed."""
    ranks = [hashlib.sha256(f"{seed}\0{index}".encode()).digest() for index in range(len(values))]
    return [values[index] for index in sorted(range(len(values)), key=ranks.__getitem__)]


def _stream(seed: str) -> Iterator[int]:
    for block in count():
        yield from hashlib.sha256(f"{seed}\0{block}".encode()).digest()
