"""Plans a minimal configuration of types, applies it in simulation and plans it again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policyscan.errors import PlannerError
from policyscan.planner import Inputs, Request, make_plan
from policyscan.planner.schema import load_schema
from policyscan.planner.schema.sample import Sampler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyscan.planner import PlanOutcome

AWS = "registry.terraform.io/hashicorp/aws"


def types_of(mode: str, provider: str = AWS) -> list[str]:
    """All types a provider has in a mode, "resource" or "data"."""
    schema = load_schema(provider)
    return sorted(schema.resources if mode == "resource" else schema.data_sources)


def problems(mode: str, types: Sequence[str], provider: str = AWS) -> Iterator[str]:
    """What does not work of the types, in a line each; a type at fault is found by halving."""
    try:
        outcome = _planned(mode, types, provider)
    except PlannerError as error:
        if len(types) == 1:
            yield f"{types[0]}: {error}"
            return
        for half in (types[: len(types) // 2], types[len(types) // 2 :]):
            yield from problems(mode, half, provider)
        return
    yield from _unlike(mode, types, json.loads(outcome.plan_json))


def _planned(mode: str, types: Sequence[str], provider: str) -> PlanOutcome:
    """The plan of data sources; that of resources is made after they have been applied."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "main.tf.json").write_text(json.dumps(configuration(mode, types, provider)))
        return make_plan(folder, Request(after=(Inputs(),) if mode == "resource" else ()))


def configuration(mode: str, types: Sequence[str], provider: str = AWS) -> dict[str, Any]:
    """One instance `x` of each type, with all that is required, in Terraform's JSON."""
    schema = load_schema(provider, frozenset(types))
    blocks = schema.resources if mode == "resource" else schema.data_sources
    return {mode: {name: {"x": _without_nulls(Sampler(blocks[name]).bare())} for name in types}}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        given = {name: inner for name, inner in value.items() if inner not in (None, [])}
        return {name: _without_nulls(inner) for name, inner in given.items()}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _unlike(mode: str, types: Sequence[str], plan: dict[str, Any]) -> Iterator[str]:
    if mode == "resource":
        actions = {each["type"]: each["change"]["actions"] for each in plan["resource_changes"]}
        yield from (
            f"{name}: planned again, it is {actions.get(name)}"
            for name in types
            if actions.get(name) != ["no-op"]
        )
        return
    read = {each["type"] for each in plan["prior_state"]["values"]["root_module"]["resources"]}
    yield from (f"{name}: it is not read" for name in types if name not in read)
