"""Reads plan JSON into the definitions Checkov's checks look at."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Block = dict[str, Any]


def read(path: Path) -> Any:
    """The plan with the marks Checkov's YAML reader leaves in it, whose lines are made up here.

    Checks see those marks as keys of every object, so they have to be there. Checkov itself reads
    plans above a size as JSON, and then leaves other marks.
    """
    from checkov.common.util.consts import MAX_IAC_FILE_SIZE

    text = path.read_text(encoding="utf-8")
    mark = _small_mark if len(text) > MAX_IAC_FILE_SIZE else _marker(str(path))
    return json.loads(text, object_hook=mark, parse_float=_yaml_float)


def _small_mark(block: Block) -> Block:
    block["start_line"] = block["end_line"] = 0
    return block


def _marker(file: str) -> Callable[[Block], Block]:
    # Every object begins on a line of its own, so that two of them never look unchanged.
    line = itertools.count(1)

    def mark(block: Block) -> Block:
        block["__file__"] = file
        block["__startline__"] = block["start_line"] = block["__endline__"] = block["end_line"] = (
            next(line)
        )
        return block

    return mark


def _yaml_float(text: str) -> float | str:
    """YAML takes 1e9 for a word, and 1.0e+9 for a number."""
    lower = text.lower()
    if "e" in lower and not ("." in lower and ("e+" in lower or "e-" in lower)):
        return text
    return float(text)


def definitions(plan: Any) -> dict[str, list[Block]]:
    """What `parse_tf_plan` of Checkov makes of a plan: its blocks by kind, in Checkov's order."""
    from checkov.terraform import plan_parser

    changes = plan_parser._get_resource_changes(template=plan)
    root = plan.get("configuration", {}).get("root_module", {})
    planned = plan.get("planned_values", {}).get("root_module", {})
    blocks: dict[str, list[Block]] = {
        "provider": plan_parser._get_providers(template=plan),
        "resource": [],
        "data": [],
    }
    pairs = itertools.chain(
        _in_root(planned, root), _in_modules(planned.get("child_modules", []), root)
    )
    for resource, conf in pairs:
        block, kind, prepared = plan_parser._prepare_resource_block(
            resource=resource, conf=conf, resource_changes=changes
        )
        if prepared is True:
            blocks[kind].append(block)
    return blocks


def _in_root(planned: Block, root: Block) -> Iterator[tuple[Block, Block | None]]:
    first: dict[tuple[str, str], Block] = {}
    for conf in root.get("resources", []):
        first.setdefault((conf["type"], conf["name"]), conf)
    for resource in planned.get("resources", []):
        yield resource, first.get((resource["type"], resource["name"]))


def _in_modules(modules: list[Block], root: Block) -> Iterator[tuple[Block, Block | None]]:
    """Each module's modules before its own resources, as Checkov goes through them."""
    from checkov.terraform import plan_parser

    for module in modules:
        yield from _in_modules(module.get("child_modules", []), root)
        address = module.get("address", "")
        first: dict[str, Block] = {}
        if address and module.get("resources"):
            for conf in plan_parser._get_module_call_resources(address, root):
                first.setdefault(conf["address"], conf)
        for resource in module.get("resources", []):
            own = resource["address"]
            if own.endswith("]"):
                own = own.rsplit("[", 1)[0]
            inside = own.removeprefix(f"{address}.")
            yield resource, first.get(inside) if inside != own else None
