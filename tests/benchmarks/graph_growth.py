"""How the time to build the graph grows with the plan, to 20,000 resources.

`make bench`. For each shape of plan it prints the CPU seconds per size and the growth exponent, the
slope of log(time) over log(resources): 1 is linear, 2 quadratic. Leaves with 1 above 1.1.
"""

from __future__ import annotations

import gc
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from policyscan.graph import ResourceGraph
from policyscan.plan import Plan, read_plan

SIZES = (1_250, 2_500, 5_000, 10_000, 20_000)
RUNS = 2
MOST = 1.1
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


def flat(size: int) -> Document:
    """Blocks without keys, each of which refers to the two before it."""
    names = [f"aws_vpc.v{number}" for number in range(size)]
    blocks = [
        block(
            name, *(part for other in names[max(0, at - 2) : at] for part in (f"{other}.id", other))
        )
        for at, name in enumerate(names)
    ]
    return document([change(name) for name in names], {"resources": blocks})


def splats(size: int) -> Document:
    """Half the instances of a count, each of which refers to a splat of the other half."""
    half = size // 2
    changes = [
        change(name, key) for name in ("aws_subnet.one", "aws_lb.all") for key in range(half)
    ]
    count = {"count_expression": {"constant_value": half}}
    blocks = [block("aws_subnet.one", **count), block("aws_lb.all", "aws_subnet.one", **count)]
    return document(changes, {"resources": blocks})


def keyed(size: int) -> Document:
    """for_each: each instance refers to the one of its own key, and to an ever same one."""
    half = size // 2
    keys = [f"key.{number}" for number in range(half)]
    changes = [change(name, key) for name in ("aws_eip.one", "aws_nat_gateway.two") for key in keys]
    each = {"for_each_expression": {"references": ["var.keys"]}}
    first = 'aws_eip.one["key.0"]'
    blocks = [
        block("aws_eip.one", **each),
        block("aws_nat_gateway.two", "aws_eip.one", "each.key", f"{first}.id", first, **each),
    ]
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


SHAPES: tuple[Callable[[int], Document], ...] = (flat, splats, keyed, modules, everything)


@dataclass(frozen=True, slots=True)
class Growth:
    """Seconds for each of SIZES, and the exponent over them."""

    shape: str
    seconds: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """The slope of a straight line through the logarithms."""
        points = [
            (math.log(size), math.log(time)) for size, time in zip(SIZES, self.seconds, strict=True)
        ]
        middle_x = sum(x for x, _ in points) / len(points)
        middle_y = sum(y for _, y in points) / len(points)
        rise = sum((x - middle_x) * (y - middle_y) for x, y in points)
        return rise / sum((x - middle_x) ** 2 for x, _ in points)


def build(plan: Plan) -> None:
    """Instances, hubs and every hop between them; one question over the whole of it."""
    graph = ResourceGraph(plan)
    nodes = graph.edges.network
    first, last = plan.resources[0].address, plan.resources[-1].address
    graph.depends_on(first, last)
    graph.depends_on(last, first)
    if len(nodes) < len(plan.resources):
        sys.exit("the graph lost an instance: nothing to measure")


def measured(shape: Callable[[int], Document]) -> Growth:
    seconds = []
    for size in SIZES:
        plan = read_plan(json.dumps(shape(size)).encode(), f"{shape.__name__}.json")
        times = []
        for _ in range(RUNS):
            gc.collect()  # the scan itself runs without collection, and so does this
            start = time.process_time()
            build(plan)
            times.append(time.process_time() - start)
        seconds.append(min(times))
    return Growth(shape.__name__, tuple(seconds))


def main() -> None:
    gc.disable()
    build(read_plan(json.dumps(flat(10)).encode(), "warm.json"))
    header = "".join(f"{size:>9,}" for size in SIZES)
    sys.stdout.write(f"{'seconds to build':18}{header}  exponent\n")
    worst = 0.0
    for shape in SHAPES:
        growth = measured(shape)
        worst = max(worst, growth.exponent)
        cells = "".join(f"{each:>9.3f}" for each in growth.seconds)
        sys.stdout.write(f"{growth.shape:18}{cells}{growth.exponent:>10.2f}\n")
        sys.stdout.flush()
    if worst > MOST:
        sys.exit(f"the graph grows by more than {MOST}")


if __name__ == "__main__":
    main()
