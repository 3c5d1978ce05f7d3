"""How a resource is made to come later: after another one, or in a later apply."""

from __future__ import annotations

from msgspec import Struct

from policyscan.graph import ResourceGraph
from policyscan.plan import Resource
from policyscan.rule.snippet import arguments, block, call, edit, together

PASSED = "waits_for"
"""What the variable is called that hands a dependency into a module."""


class Wait(Struct, frozen=True):
    """What to do so that one resource waits for another: in words, and as HCL."""

    fix: str
    snippet: str


def wait_for(graph: ResourceGraph, waiter: Resource, *awaited: Resource) -> Wait:
    """How a resource is made to wait for others, whatever modules they are written in.

    In one module `depends_on` names the others. Where the waiter is written further inside, the
    call of its module waits, unless what is awaited needs that very module: then a variable hands
    the dependency in, as a call that waited would wait for itself.
    """
    waits: list[Wait] = []
    by_call: dict[str, list[Resource]] = {}
    for each in awaited:
        depth = _shared(waiter, each)
        inside = waiter.module_path[depth:]
        if inside and _needs(graph, each, waiter, depth + 1):
            waits.append(_handed_in(waiter, each, inside))
        else:
            by_call.setdefault(inside[0] if inside else "", []).append(each)
    for name, others in by_call.items():
        names = tuple(dict.fromkeys(_named(each, _shared(waiter, each)) for each in others))
        listed = " and ".join(each.address for each in others)
        if name:
            fix = f"let the call of module {name}, where {waiter.address} is written, wait for "
            waits.append(Wait(f"{fix}{listed}", call(name, f"depends_on = [{', '.join(names)}]")))
        else:
            fix = f"let {waiter.address} wait for {listed} with depends_on"
            waits.append(Wait(fix, edit(waiter, _depends_on(waiter, *names))))
    return Wait("; ".join(each.fix for each in waits), together(*(each.snippet for each in waits)))


def _named(awaited: Resource, depth: int) -> str:
    """What is awaited, as the module writes it that is so many calls deep."""
    beside = awaited.module_path[depth:]
    return f"module.{beside[0]}" if beside else awaited.config_address


def _handed_in(waiter: Resource, awaited: Resource, inside: tuple[str, ...]) -> Wait:
    """A dependency that a variable hands into the module calls `inside`."""
    depth = len(waiter.module_path) - len(inside)
    named = _named(awaited, depth)
    output = f"{named}.{'OUTPUT' if awaited.module_path[depth:] else 'id'}"
    return Wait(
        f"hand {awaited.address} into module {inside[0]} by a variable, and let {waiter.address} "
        "wait for that",
        together(
            *(
                call(name, f"{PASSED} = {output if name == inside[0] else f'var.{PASSED}'}")
                for name in inside
            ),
            block(f'variable "{PASSED}"', "type = any"),
            edit(waiter, _depends_on(waiter, f"var.{PASSED}")),
        ),
    )


def gated(*resources: Resource) -> str:
    """Resources that are off until a variable turns them on."""
    switch = block('variable "services_enabled"', arguments(type="bool", default="false"))
    return together(switch, *(edit(each, _gate(each)) for each in resources))


def _gate(resource: Resource) -> str:
    written = resource.config
    if written is not None and written.for_each is not None:
        return "for_each = var.services_enabled ? FOR_EACH : {}"
    counted = written is not None and written.count is not None
    return f"count = var.services_enabled ? {'COUNT' if counted else '1'} : 0"


def _shared(one: Resource, other: Resource) -> int:
    """How many module calls two resources are written in together."""
    pairs = zip(one.module_path, other.module_path, strict=False)
    return next(
        (at for at, (mine, theirs) in enumerate(pairs) if mine != theirs),
        min(len(one.module_path), len(other.module_path)),
    )


def _needs(graph: ResourceGraph, awaited: Resource, waiter: Resource, depth: int) -> bool:
    """Whether something needs what is written in the module call that is to wait for it."""
    return any(
        each.module_path[:depth] == waiter.module_path[:depth]
        for each in graph.awaited(awaited.address)
    )


def _depends_on(waiter: Resource, *names: str) -> str:
    """The argument with what stands in it already."""
    standing = waiter.config.depends_on if waiter.config else ()
    listed = dict.fromkeys([*(each.text for each in standing), *names])
    return f"depends_on = [{', '.join(listed)}]"
