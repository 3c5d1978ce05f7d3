"""Makes two tables of what a probe found: rows of hints, and arguments nobody has decided yet.

    python -m policyscan.planner.schema.tabulate facts.json schema-5.100.json

`facts.json` is what `probe.py` wrote, and the schema that of the provider it asked. A row of
`hints/aws/probed.json` keeps what no probe finds out, and a type with a row by hand gets none.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from policyscan.planner.schema import Attribute, Block, NestedBlock, load_schema
from policyscan.planner.schema.hints import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AWS = "registry.terraform.io/hashicorp/aws"
_HINTS = Path(__file__).with_name("hints")
_ROWS = _HINTS / "aws" / "probed.json"
_UNDECIDED = _HINTS / "aws.undecided.json"
_FROM_PROBE = ("defaults", "force_new", "computed_blocks")
_KINDS = {"string": (str,), "bool": (bool,), "number": (int, float)}
_ELSEWHERE = ("id", "region", "tags", "tags_all", "timeouts")
"""What the row "*" and the planner itself know of every type."""


def rows(
    facts: Mapping[str, Any], version: str, types: Mapping[str, Block]
) -> dict[str, dict[str, Any]]:
    """The rows of types that have none by hand."""
    by_hand = {
        name
        for table in (_HINTS / "aws").glob("*.yaml")
        for name in yaml.safe_load(table.read_text(encoding="utf-8"))
    }
    held = json.loads(_ROWS.read_text(encoding="utf-8"))
    made = {}
    for name in sorted((held.keys() | facts.keys()) & types.keys() - by_hand):
        kept = {key: each for key, each in held.get(name, {}).items() if key not in _FROM_PROBE}
        if name not in facts:
            made[name] = held[name]
            continue
        found = _with_earlier(facts[name], held.get(name, {}))
        source = [f"probe {version}"]
        for each in kept.pop("source", "").split("; "):
            is_earlier = each.startswith("probe ") and found != facts[name]
            if "made up" in each or (is_earlier and each not in source):
                source.append(each)
        made[name] = {"source": "; ".join(source)} | _found(found, types[name]) | kept
    return made


def _with_earlier(facts: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """The facts, and what an earlier probe found where this one could not decide."""
    undecided = set(facts.get("undecided", ()))
    defaults = {path: each for path, each in held.get("defaults", {}).items() if path in undecided}
    force_new = {path for path in held.get("force_new", ()) if path in undecided}
    if not defaults and not force_new:
        return dict(facts)
    return dict(facts) | {
        "defaults": defaults | facts.get("defaults", {}),
        "force_new": sorted(force_new | set(facts.get("force_new", ()))),
    }


def _found(facts: Mapping[str, Any], block: Block) -> dict[str, Any]:
    """Those of a probe's facts that the schema still has a place for."""
    paths = dict(_paths(block, ""))
    in_sets = {path for path, found in paths.items() if _is_set(found)}
    found: dict[str, Any] = {
        "defaults": {
            path: int(value) if isinstance(value, float) else value
            for path, value in facts.get("defaults", {}).items()
            if _is_default(paths.get(path), value)
            and not (value == "" and any(path.startswith(f"{each}.") for each in in_sets))
        },
        "force_new": [path for path in facts.get("force_new", ()) if path in paths],
        "computed_blocks": [
            path
            for path in facts.get("computed_blocks", ())
            if isinstance(paths.get(path), NestedBlock)
        ],
    }
    return {name: each for name, each in found.items() if each}


def _is_set(found: Attribute | NestedBlock) -> bool:
    return isinstance(found, NestedBlock) and found.nesting == "set"


def _is_default(found: Attribute | NestedBlock | None, value: Any) -> bool:
    return (
        isinstance(found, Attribute)
        and found.optional
        and type(value) in _KINDS.get(str(found.type), ())
        and (not isinstance(value, float) or value.is_integer())
    )


def undecided(
    facts: Mapping[str, Any], probed: Mapping[str, Block], types: Mapping[str, Block]
) -> dict[str, list[str]]:
    """Type -> the outermost paths that a probe could not decide, or knew nothing of."""
    found = {}
    for name, block in sorted(types.items()):
        if name not in facts or name not in probed:
            found[name] = [EVERYTHING]
            continue
        known = {path for path, _ in _settable(probed[name], "")}
        open_ones = {path for path, _ in _settable(block, "") if path not in known}
        open_ones.update(facts[name].get("undecided", ()))
        if paths := _outermost(block, "", open_ones):
            found[name] = paths
    return found


def _outermost(block: Block, prefix: str, open_ones: set[str]) -> list[str]:
    """The open paths, a block in the place of its members where all of them are open."""
    paths = [path for path, _ in _arguments(block, prefix) if path in open_ones]
    for name, nested in block.block_types.items():
        inside = f"{prefix}{name}."
        found = _outermost(nested.block, inside, open_ones)
        members = [path for path, _ in _arguments(nested.block, inside)]
        members += [inside + inner for inner in nested.block.block_types]
        is_open = bool(members) and set(members) <= set(found)
        paths += [prefix + name] if is_open or prefix + name in open_ones else found
    return sorted(paths)


def _arguments(block: Block, prefix: str) -> Iterator[tuple[str, Attribute]]:
    for name, attribute in block.attributes.items():
        if (attribute.optional or attribute.required) and prefix + name not in _ELSEWHERE:
            yield prefix + name, attribute


def _settable(block: Block, prefix: str) -> Iterator[tuple[str, Attribute | NestedBlock]]:
    """Every argument and block of a type, but those that are alike in all types."""
    yield from _arguments(block, prefix)
    for name, nested in block.block_types.items():
        if name not in _ELSEWHERE:
            yield prefix + name, nested
            yield from _settable(nested.block, f"{prefix}{name}.")


def _paths(block: Block, prefix: str) -> Iterator[tuple[str, Attribute | NestedBlock]]:
    for name, attribute in block.attributes.items():
        yield prefix + name, attribute
    for name, nested in block.block_types.items():
        yield prefix + name, nested
        yield from _paths(nested.block, f"{prefix}{name}.")


def main() -> None:
    """Write both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("facts", type=Path)
    parser.add_argument("schema", type=Path, help="schema-VERSION.json of the provider probed")
    arguments = parser.parse_args()
    facts = json.loads(arguments.facts.read_bytes())
    version = arguments.schema.stem.rpartition("-")[2]
    provider = json.loads(arguments.schema.read_bytes())["provider_schemas"][AWS]
    probed = {
        name: msgspec.convert(schema["block"], Block)
        for name, schema in provider["resource_schemas"].items()
    }
    types = load_schema(AWS).resources
    _write(_ROWS, rows(facts, version, types))
    _write(_UNDECIDED, undecided(facts, probed, types))


def _write(path: Path, table: Mapping[str, Any]) -> None:
    """One line a type, so that a change shows where it is."""
    lines = (f'"{name}": {json.dumps(row, separators=(",", ":"))}' for name, row in table.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
