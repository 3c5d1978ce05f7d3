"""Checks every table: its shape, its types and attributes, and that it is the one its script makes.

    python -m policyscan.rule.tables.check policyscan/planner/schema/aws.zip

The input is that of `policyscan.rule.tables.extract`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from policyscan.errors import PackError
from policyscan.rule.tables import FOLDER, load_table
from policyscan.rule.tables.extract import read_schema, tables

_NAMING = ("attribute", "beside", "unless")
"""The members of a row that name an attribute of its type."""
_INSIDE = "container_definitions"
"""An attribute whose text has members of its own, which no schema knows."""


def main(arguments: Sequence[str]) -> int:
    """Print a line for each table; 1 and what is wrong, when something is."""
    parser = argparse.ArgumentParser(prog="policyscan.rule.tables.check", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("schema", type=Path)
    schema = read_schema(parser.parse_args(arguments).schema)
    code = 0
    for path in sorted(FOLDER.glob("*.json")):
        problems = list(problems_of(path.stem, schema))
        for problem in problems:
            sys.stderr.write(f"{path}: {problem}\n")
        sys.stdout.write(f"{'WRONG' if problems else 'ok':<6} {path.stem:<18} {_size(path.stem)}\n")
        code = code or int(bool(problems))
    return code


def problems_of(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a table, in a line each."""
    try:
        table = load_table(name)
    except PackError as problem:
        yield str(problem)
        return
    made = tables(schema, table["date"]).get(f"{name}.json")
    if made is not None and made != (FOLDER / f"{name}.json").read_text(encoding="utf-8"):
        yield "it is not what the schema gives: run policyscan.rule.tables.extract"
    rows = table.get("rows", ())
    blocks = {
        kind: resource["block"]
        for provider in schema["provider_schemas"].values()
        for kind, resource in provider["resource_schemas"].items()
    }
    for row in rows:
        for path in (row[member] for member in _NAMING if row.get(member)):
            if row["type"] not in blocks or not _has(blocks[row["type"]], path.split("[*].")):
                yield f"{row['type']}.{path} is not in the schema"
    told = [tuple(str(row.get(key)) for key in ("kind", "type", "attribute")) for row in rows]
    yield from (f"{'.'.join(each[1:])} is told twice" for each in set(told) if told.count(each) > 1)


def _has(block: Mapping[str, Any], path: list[str]) -> bool:
    """Whether an attribute, or a block, is in a schema. Example: `["health_check", "path"]`."""
    name, blocks = path[0].partition("[")[0], block.get("block_types", {})
    if name == _INSIDE or len(path) == 1:
        return name in block.get("attributes", {}) or name in blocks
    return name in blocks and _has(blocks[name]["block"], path[1:])


def _size(name: str) -> str:
    """How much a table holds, and of when."""
    try:
        table = load_table(name)
    except PackError:
        return ""
    parts = [
        f"{len(value)} {key}" for key, value in table.items() if isinstance(value, list | dict)
    ]
    kinds = {row["type"] for row in table.get("rows", ())}
    of = f" of {len(kinds)} types" if kinds else ""
    return f"{', '.join(parts)}{of}, {table['date']}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
