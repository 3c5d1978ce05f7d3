"""Tiny platforms for tests of the models in `policyscan.rule`, read by the real reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from msgspec.structs import replace

from policyscan.graph import ResourceGraph
from policyscan.plan import Resource, Template
from policyscan.plan.address import steps
from policyscan.rule import Platform
from policyscan.source import Source
from tests.plans import block, change, constant, plan_of, references


class Refs(tuple[str, ...]):
    """A value known only after apply, by what it refers to."""

    __slots__ = ()

    def __new__(cls, *names: str) -> Self:
        """Refs("aws_vpc.main.id") is `aws_vpc.main.id`; Refs() refers to nothing."""
        return super().__new__(cls, names)


@dataclass(frozen=True, slots=True)
class Made:
    """A resource of a tiny plan: its entry among the changes, its block, what a replay tells."""

    change: dict[str, Any]
    block: dict[str, Any]
    templates: dict[str, Template] = field(default_factory=dict)


def made(address: str, **arguments: Any) -> Made:
    """A resource this plan creates, or reads when the address starts with `data.`.

    An argument is a value, a dict or a list of dicts for a block, or holds Refs somewhere. It is
    a Template where a replay tells what it will be made of.
    """
    actions = ("read",) if address.startswith("data.") else ("create",)
    return _entry(address, actions, arguments)


def standing(address: str, *actions: str, **arguments: Any) -> Made:
    """A resource that exists before the plan; with actions, one the plan changes by them."""
    return _entry(address, actions or ("no-op",), arguments)


def _entry(address: str, actions: tuple[str, ...], arguments: dict[str, Any]) -> Made:
    after, unknown, expressions = _split(arguments)
    before = None if actions == ("create",) else after
    after = {} if actions == ("delete",) else after
    entry = change(address, actions=actions, before=before, after=after, unknown=unknown)
    parts = steps(address)
    size = 3 if parts[0] == "data" else 2
    templates = {name: value for name, value in arguments.items() if isinstance(value, Template)}
    return Made(entry, block(".".join(str(part) for part in parts[:size]), expressions), templates)


def _split(block_: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What of a block is known, what is not, and its expressions."""
    after: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    expressions: dict[str, Any] = {}
    for name, value in block_.items():
        match value:
            case Template():
                taken = (f"{part.address}.{part.attribute}" for part in value.taken)
                unknown[name], expressions[name] = True, references(*taken)
            case Refs():
                unknown[name], expressions[name] = True, references(*value)
            case [*members] if any(isinstance(each, Refs) for each in members):
                # A set with one unknown member is unknown as a whole, as the provider has it.
                named = [name for each in members if isinstance(each, Refs) for name in each]
                unknown[name], expressions[name] = True, references(*named)
            case dict() if any(isinstance(each, Refs) for each in value.values()):
                after[name] = {key: each for key, each in value.items() if type(each) is not Refs}
                unknown[name] = {key: True for key in value if key not in after[name]}
                expressions[name] = references(
                    *(one for key in unknown[name] for one in value[key])
                )
            case [dict(), *_]:
                parts = [_split(each) for each in value]
                after[name] = [part[0] for part in parts]
                unknown[name] = [part[1] for part in parts]
                expressions[name] = [part[2] for part in parts]
            case _:
                after[name], expressions[name] = value, constant(value)
    return after, unknown, expressions


def platform_of(*entries: Made, source: Source | None = None, **more: Any) -> Platform:
    """The platform of a plan with these resources."""
    blocks = {each.block["address"]: each.block for each in entries}
    changes = [each.change for each in entries]
    plan = plan_of(changes, {"resources": list(blocks.values())}, **more)
    templates = {each.change["address"]: each.templates for each in entries}
    resources = tuple(
        replace(each, after={**(each.after or {}), **told})
        if (told := templates[each.address])
        else each
        for each in plan.resources
    )
    return Platform(ResourceGraph(replace(plan, resources=resources), source))


def resource_of(platform: Platform, address: str) -> Resource:
    """The resource of an address that must be there."""
    found = platform.graph.resource(address)
    assert found is not None, address
    return found
