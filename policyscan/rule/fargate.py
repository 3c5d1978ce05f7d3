"""The sizes Fargate sells, and what they need."""

from __future__ import annotations

from policyscan.rule.tables import load_table

_LATEST = (1_000_000,)


def is_size(cpu: int | None, memory: int | None) -> bool | None:
    """Whether Fargate has a task of these CPU units and MiB; None where sources disagree."""
    table = load_table("fargate_sizes")
    if memory in table["disputed"].get(str(cpu), ()):
        return None
    return memory in table["sizes"].get(str(cpu), ())


def nearest_size(cpu: int | None, memory: int | None) -> tuple[int, int]:
    """The smallest valid size that is no smaller than this one, else the largest there is."""
    sizes = load_table("fargate_sizes")["sizes"]
    pairs = sorted((int(units), size) for units, row in sizes.items() for size in row)
    large = (pair for pair in pairs if pair[0] >= (cpu or 0) and pair[1] >= (memory or 0))
    return next(large, pairs[-1])


def has_windows(cpu: int | None) -> bool:
    """Whether Windows tasks come with these CPU units."""
    return str(cpu) in load_table("fargate_sizes")["windows"]


def least_platform(cpu: int | None, version: str) -> str:
    """The least platform version for these CPU units, "" when this one is no older.

    Example: 8192 and "1.3.0" give "1.4.0".
    """
    least = load_table("fargate_sizes")["platform_versions"].get(str(cpu), "")
    return least if least and _parts(version) < _parts(least) else ""


def _parts(version: str) -> tuple[int, ...]:
    """LATEST, and what is no version, is later than all."""
    parts = version.split(".")
    return tuple(map(int, parts)) if all(each.isdecimal() for each in parts) else _LATEST
