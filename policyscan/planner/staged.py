"""What has to be applied first, where what it makes decides how many of another there are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policyscan.planner.terraform import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_UNDECIDED = ("Invalid for_each argument", "Invalid count argument")
_BLOCK = re.compile(r'(resource|data|module) "([\w-]+)"(?: "([\w-]+)")?')
_EDGE = re.compile(r'"([^"]+)" -> "([^"]+)"')


def in_stages(
    apply: Callable[..., None],
    draw: Callable[[], str],
    targets: tuple[str, ...] = (),
    stages: int = 4,
) -> None:
    """Apply, and before it what it needs to know first, as Terraform itself suggests.

    apply: takes the addresses to apply alone, all without any. draw: what `terraform graph` prints.
    Raises RefusedError: as `apply` does, where that is no remedy.
    """
    try:
        apply(*targets)
    except RefusedError as error:
        if not stages or not all(each["summary"] in _UNDECIDED for each in error.diagnostics):
            raise
        first = _needed_first(error.diagnostics, draw())
        if not first or first == targets:
            raise
        in_stages(apply, draw, first, stages - 1)
        in_stages(apply, draw, targets, stages - 1)


def _needed_first(diagnostics: Sequence[Mapping[str, Any]], drawn: str) -> tuple[str, ...]:
    """The addresses that the blocks depend on whose instances Terraform could not count.

    A drawn graph names blocks without keys.
    """
    needs: dict[str, set[str]] = {}
    for one, other in _EDGE.findall(drawn):
        needs.setdefault(one, set()).add(other)
    undecided = {
        node
        for each in diagnostics
        for name in _named((each.get("snippet") or {}).get("context") or "")
        for node in needs
        if f".{name}." in f".{node}."
    }
    found: set[str] = set()
    waiting = sorted(undecided)
    while waiting:
        for other in needs.get(waiting.pop(), ()):
            if other not in found and other not in undecided:
                found.add(other)
                waiting.append(other)
    return tuple(sorted(each for each in found if not _is_data(each)))


def _named(context: str) -> Iterator[str]:
    """How addresses name the block of a snippet."""
    if match := _BLOCK.match(context):
        mode, kind, name = match.groups()
        yield {"resource": f"{kind}.{name}", "data": f"data.{kind}.{name}"}.get(
            mode, f"module.{kind}"
        )


def _is_data(address: str) -> bool:
    return address.startswith("data.") or ".data." in address
