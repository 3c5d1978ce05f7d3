"""Names and indexes of a traversal -> the Reference Terraform would make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from policyscan.source.model import Reference, index_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policyscan.source.model import Expression, Splat

# How many names, the first included, say what a traversal is about; two unless listed.
_NAMES: Final = {"data": 3, "ephemeral": 3, "resource": 3, "self": 1}


class Step(Struct, frozen=True):
    """`.name`, or an index when the name is empty."""

    name: str = ""
    index: int | str | Splat | Expression | None = None


def reference(root: str, steps: Sequence[Step]) -> Reference | None:
    """None for what is no reference: `string`, `load_balancer[0].container_port`.

    Example: `aws_subnet`, `.private`, `[*]`, `.id` is aws_subnet.private, splat, id.
    """
    names = [root]
    rest = list(steps)
    count = _NAMES.get(root, 2)
    while rest and rest[0].name and (len(names) < count or names[:2] == ["each", "value"]):
        names.append(rest.pop(0).name)
    if len(names) < count:
        return None
    if root == "resource":
        # The long spelling of `aws_subnet.private`.
        del names[0]
    index = None
    if root == "module" and rest and rest[0].name:
        names.append(rest.pop(0).name)
    elif rest and not rest[0].name:
        index = rest.pop(0).index
    return Reference(".".join(names), index, _path(rest))


def _path(steps: Sequence[Step]) -> str:
    written = (f".{step.name}" if step.index is None else index_text(step.index) for step in steps)
    return "".join(written).removeprefix(".")
