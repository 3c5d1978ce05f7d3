"""Plans of any size, made of plans that Terraform made of the fixtures.

`python -m tests.benchmarks.grown SHAPE SIZE FILE` writes one, and tells how many resources it has.
A plan is repeated until it has about so many resources: values, state and configuration, every
copy with names and ids of its own, as a larger platform has them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SUFFIX = re.compile(r"-(dev|qa)\b")
"""How every name in the fixtures ends."""
ID = re.compile(r"-([0-9a-f]{11})[0-9a-f]{6}\b")
"""Ids that the account gave, such as `vpc-0a1b2c3d4e5f60718`."""

Document = dict[str, Any]


def flat(size: int) -> Document:
    """One root module without calls: each copy's blocks have names of their own."""
    text = _text("fourteen_defects")
    whole = json.loads(text)
    blocks = whole["configuration"]["root_module"]["resources"]
    named = "|".join(re.escape(f"{each['type']}.{each['name']}") for each in blocks)
    address = re.compile(rf"\b({named})\b(?!-)")
    copies = []
    for number in range(_copies(whole, size)):
        copy = json.loads(address.sub(rf"\1_{number}", _own(text, number)))
        for each in (*_planned(copy), *copy["configuration"]["root_module"]["resources"]):
            each["name"] += f"_{number}"
        copies.append(copy)
    return _joined(copies)


def modules(size: int) -> Document:
    """As many module calls as there are copies, each with its own configuration, after an apply."""
    text = _text("reference")
    count = _copies(json.loads(text), size)
    return _joined([_called(_own(text, each), f"platform_{each}", "") for each in range(count)])


def keyed(size: int) -> Document:
    """One module call with for_each, an instance of it for each copy, before the first apply."""
    text = _text("reference_placeholder")
    count = _copies(json.loads(text), size)
    copies = [_called(_own(text, each), "platform", f'["p{each}"]') for each in range(count)]
    for copy in copies[1:]:
        copy["configuration"]["root_module"]["module_calls"] = {}
    call = copies[0]["configuration"]["root_module"]["module_calls"]["platform"]
    call["for_each_expression"] = {"references": ["var.environments"]}
    return _joined(copies)


SHAPES: tuple[Callable[[int], Document], ...] = (flat, modules, keyed)


def _text(fixture: str) -> str:
    return (FIXTURES / fixture / "plan.json").read_text(encoding="utf-8")


def _copies(plan: Document, size: int) -> int:
    return max(1, round(size / len(plan["resource_changes"])))


def _own(text: str, number: int) -> str:
    """A plan whose names and ids no other copy has."""
    return ID.sub(rf"-\g<1>{number:06x}", SUFFIX.sub(rf"-{number}-\g<1>", text))


def _called(text: str, name: str, key: str) -> Document:
    """A plan as the part of a larger one that calls it as a module."""
    copy: Document = json.loads(text)
    path = f"module.{name}{key}"
    for each in (*_planned(copy), *_modules(copy)):
        for member in ("address", "module_address"):
            if member in each or (member == "module_address" and "change" in each):
                each[member] = f"{path}.{each.get(member, '')}".removesuffix(".")
        if "depends_on" in each:
            each["depends_on"] = [f"module.{name}.{other}" for other in each["depends_on"]]
    for each in copy["relevant_attributes"]:
        each["resource"] = f"{path}.{each['resource']}"
    for values in _values(copy):
        values["root_module"] = {"child_modules": [{**values["root_module"], "address": path}]}
    written = copy["configuration"]["root_module"]
    given = {each: {"references": [f"var.{each}"]} for each in copy["variables"]}
    call = {"source": "./platform", "module": written, "expressions": given}
    root = {"variables": written["variables"], "module_calls": {name: call}}
    copy["configuration"]["root_module"] = root
    return copy


def _values(plan: Document) -> Iterator[Document]:
    """Planned values and prior state."""
    yield plan["planned_values"]
    yield plan["prior_state"]["values"]


def _modules(plan: Document) -> Iterator[Document]:
    """The modules in planned values and state, the root left out."""
    found = [child for each in _values(plan) for child in _children(each["root_module"])]
    while found:
        module = found.pop()
        yield module
        found.extend(_children(module))


def _children(module: Document) -> list[Document]:
    children: list[Document] = module.get("child_modules", [])
    return children


def _planned(plan: Document) -> Iterator[Document]:
    """Every resource in changes, planned values and state."""
    yield from plan["resource_changes"]
    for module in (*(each["root_module"] for each in _values(plan)), *_modules(plan)):
        yield from module.get("resources", ())


def _joined(copies: list[Document]) -> Document:
    """One plan of all copies. Outputs and checks are the first one's."""
    whole = copies[0]
    for copy in copies[1:]:
        whole["resource_changes"] += copy["resource_changes"]
        whole["relevant_attributes"] += copy["relevant_attributes"]
        for own, other in zip(_values(whole), _values(copy), strict=True):
            _extend(own["root_module"], other["root_module"])
        _extend(whole["configuration"]["root_module"], copy["configuration"]["root_module"])
    return whole


def _extend(module: Document, other: Document) -> None:
    for member, more in other.items():
        if isinstance(more, list):
            module.setdefault(member, []).extend(more)
        elif isinstance(more, dict):
            module.setdefault(member, {}).update(more)


def text_of(plan: Document) -> str:
    """A plan as `terraform show -json` prints it: without spaces."""
    return json.dumps(plan, separators=(",", ":"))


def main() -> None:
    shape, size, file = sys.argv[1:]
    plan = next(each for each in SHAPES if each.__name__ == shape)(int(size))
    Path(file).write_text(text_of(plan), encoding="utf-8")
    sys.stdout.write(str(len(plan["resource_changes"])))


if __name__ == "__main__":
    main()
