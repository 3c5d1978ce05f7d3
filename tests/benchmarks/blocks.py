"""Plans of blocks that only refer to each other, of any size, without values worth a rule's while.

Two have edges by the square of their resources, which a graph must not spell out.
"""

from __future__ import annotations

import json
from typing import Any

PROVIDER = "registry.terraform.io/hashicorp/aws"

Document = dict[str, Any]


def change(address: str, key: int | str | None = None, module: str = "") -> Document:
    """One instance to be created, its input unknown."""
    kind, name = address.split(".")
    shown = "" if key is None else f"[{json.dumps(key)}]"
    entry: Document = {
        "address": f"{module}.{address}{shown}".removeprefix("."),
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": PROVIDER,
        "change": {
            "actions": ["create"],
            "before": None,
            "after": {"name": f"{name}-{key}"},
            "after_unknown": {"input": True, "id": True, "arn": True},
        },
    }
    if module:
        entry["module_address"] = module
    if key is not None:
        entry["index"] = key
    return entry


def block(address: str, *references: str, **more: Any) -> Document:
    """One block whose argument `input` refers to others."""
    kind, name = address.split(".")
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "expressions": {"input": {"references": list(references)}} if references else {},
        **more,
    }


def document(changes: list[Document], root: Document) -> Document:
    return {
        "format_version": "1.2",
        "resource_changes": changes,
        "configuration": {"root_module": root},
    }


def splats(size: int) -> Document:
    """Half the instances of a count, each of which refers to a splat of the other half."""
    half = size // 2
    changes = [
        change(name, key) for name in ("aws_subnet.one", "aws_lb.all") for key in range(half)
    ]
    count = {"count_expression": {"constant_value": half}}
    blocks = [block("aws_subnet.one", **count), block("aws_lb.all", "aws_subnet.one", **count)]
    return document(changes, {"resources": blocks})


def modules(size: int) -> Document:
    """Module instances of ten resources each, which wait for each other's whole call."""
    instances = size // 20
    names = [f"aws_vpc.v{number}" for number in range(10)]
    changes = [
        change(name, None, f'module.{call}["{number}"]')
        for call in ("first", "second")
        for number in range(instances)
        for name in names
    ]
    inside = {
        "resources": [block(name, "var.given") for name in names],
        "outputs": {"ids": {"expression": {"references": names}}},
    }
    call = {"source": "./m", "for_each_expression": {"references": ["var.keys"]}, "module": inside}
    second = {
        **call,
        "depends_on": ["module.first"],
        "expressions": {"given": {"references": ["module.first"]}},
    }
    return document(changes, {"module_calls": {"first": call, "second": second}})


def everything(size: int) -> Document:
    """One module in which half the blocks refer to an input that holds all the others.

    The other half are listed by one output, which comes back in as that input.
    """
    half = size // 2
    given = [f"aws_vpc.v{number}" for number in range(half)]
    taking = [f"aws_subnet.s{number}" for number in range(half)]
    changes = [change(name, None, "module.all") for name in (*given, *taking)]
    parts = [part for name in given for part in (f"{name}.id", name)]
    inside = {
        "resources": [
            *(block(name) for name in given),
            *(block(name, "var.every", depends_on=["module.none"]) for name in taking),
        ],
        "outputs": {"every": {"expression": {"references": parts}}},
        "module_calls": {"none": {"source": "./none", "module": {}}},
    }
    call = {
        "source": "./all",
        "module": inside,
        "expressions": {"every": {"references": ["module.all.every", "module.all"]}},
    }
    return document(changes, {"module_calls": {"all": call}})
