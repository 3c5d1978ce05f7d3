"""Compares offline plans with plans that others published, made by providers 5.x and 6.x.

Beside each configuration lie the facts of such a plan: where it was found, which provider made it,
and what it says of every resource, under the address the resource has here. A plan's text for
people is turned into facts by

    python -m tests.fidelity.published ecs_fargate plan.txt

which needs `addresses.json` there: the source, what of our schema its provider did not have yet,
and the address in the text -> the address here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from policyscan.planner import make_plan
from policyscan.planner.schema import Block, load_schema
from tests.fidelity.leaves import NOTHING, Blocks, Category, Leaf, whole
from tests.fidelity.measure import Compared, counted, differences
from tests.fidelity.stored import PUBLISHED, Explanation, judged
from tests.fidelity.text import SENSITIVE, created

ADDRESS = "registry.terraform.io/hashicorp/aws"
FACTS = "facts.json"
_ACCOUNT = re.compile(r"\b\d{12}\b")
_WRITE_ONLY = "_wo"
_EMPTY: tuple[Any, ...] = (None, "", [], {}, NOTHING)
"""What a plan for people does not print."""


def measured_published(known: Sequence[Explanation]) -> dict[str, Any]:
    """Name -> how the offline plan of that configuration stands to the plan once published."""
    folders = sorted(facts.parent for facts in PUBLISHED.glob(f"*/{FACTS}"))
    return {folder.name: _measured(folder, known) for folder in folders}


def _measured(folder: Path, known: Sequence[Explanation]) -> dict[str, Any]:
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    plan = json.loads(make_plan(folder).plan_json)
    ours = {each["address"]: each for each in plan["resource_changes"] if each["mode"] == "managed"}
    theirs = facts["resources"]
    found = []
    for address in sorted(ours.keys() & theirs.keys()):
        resource_type = ours[address]["type"]
        newer = {*facts["newer"].get("*", ()), *facts["newer"].get(resource_type, ())}
        leaves = (
            judged(folder.name, resource_type, _second(leaf, newer), known)
            for leaf in _leaves(ours[address], theirs[address]["values"])
        )
        actions = tuple(ours[address]["change"]["actions"])
        found.append(Compared(address, resource_type, actions, ("create",), tuple(leaves)))
    return {
        "source": facts["source"],
        "provider": facts["provider"],
        "resources": len(found),
        "same_actions": sum(each.is_same_action for each in found),
        "alone": sorted(ours.keys() ^ theirs.keys()),
        "leaves": counted(leaf for each in found for leaf in each.leaves),
        "differences": differences(found, _blocks),
    }


@cache
def _blocks(resource_type: str) -> Blocks:
    block = load_schema(ADDRESS, frozenset({resource_type})).resources[resource_type]
    return Blocks(block, block)


def _leaves(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Leaf]:
    change, blocks = ours["change"], _blocks(ours["type"])
    mine = _hidden(whole(change["after"], change["after_unknown"]), change["after_sensitive"])
    yield from blocks.leaves(_shaped(mine, blocks.ours, theirs), _filled(theirs, blocks.ours))


def _hidden(value: Any, marks: Any) -> Any:
    """A planned object with what is sensitive hidden, and without what is only written."""
    if marks is True:
        return SENSITIVE
    if isinstance(value, dict):
        inner = marks if isinstance(marks, dict) else {}
        return {
            name: None if name.endswith(_WRITE_ONLY) else _hidden(each, inner.get(name))
            for name, each in value.items()
        }
    if isinstance(value, list) and isinstance(marks, list):
        return [_hidden(*both) for both in zip(value, marks, strict=True)] if marks else value
    return value


def _shaped(value: dict[str, Any], block: Block, theirs: Mapping[str, Any]) -> dict[str, Any]:
    """The object with JSON texts read where the other plan shows what is inside."""
    read = {
        name: _text(json.loads(value[name]))
        for name, attribute in block.attributes.items()
        if attribute.type == "string"
        and isinstance(theirs.get(name), dict | list)
        and isinstance(value.get(name), str)
    }
    return value | read


def _filled(values: Mapping[str, Any], block: Block) -> dict[str, Any]:
    """The other plan's object in the shape of the schema."""
    filled: dict[str, Any] = {}
    for name, attribute in block.attributes.items():
        value = None if name.endswith(_WRITE_ONLY) else values.get(name)
        is_json = attribute.type == "string" and isinstance(value, dict | list)
        filled[name] = _text(value) if is_json else value
    for name, nested in block.block_types.items():
        value = values.get(name)
        if isinstance(value, list):
            members = [_filled(each, nested.block) for each in value]
            filled[name] = members[0] if nested.nesting == "single" else members
        else:
            filled[name] = value
    return filled


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _second(leaf: Leaf, newer: Collection[str]) -> Leaf:
    """A leaf judged by what a text can say."""
    if leaf.path.partition(".")[0] in newer:
        return Leaf(leaf.path, Category.NEWER, leaf.ours)
    is_empty = leaf.ours in _EMPTY and leaf.theirs in _EMPTY
    return Leaf(leaf.path, Category.EQUAL) if is_empty else leaf


def _facts(name: str, text: str) -> Iterator[str]:
    folder = PUBLISHED / name
    known = json.loads((folder / "addresses.json").read_text(encoding="utf-8"))
    resources = created(_ACCOUNT.sub("123456789012", text))
    yield "{\n"
    for key in ("source", "provider", "newer"):
        yield f' "{key}": {json.dumps(known[key])},\n'
    yield ' "resources": {\n'
    rows = sorted((ours, resources[theirs]) for theirs, ours in known["addresses"].items())
    lines = [f"  {json.dumps(ours)}: {json.dumps(row, sort_keys=True)}" for ours, row in rows]
    yield ",\n".join(lines) + "\n }\n}\n"


def main() -> None:
    name, file = sys.argv[1:]
    facts = "".join(_facts(name, Path(file).read_text(encoding="utf-8")))
    (PUBLISHED / name / FACTS).write_text(facts, encoding="utf-8")


if __name__ == "__main__":
    main()
