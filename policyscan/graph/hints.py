"""What a plan without its source lets one infer of the references it leaves out.

A plan's configuration holds no locals, no `replace_triggered_by`, no conditions, no connections
and no `dynamic` blocks. What `terraform graph` printed tells all of it at block level, which is as
good as the source for what waits for what. `relevant_attributes` and the state tell something of
locals alone: good for a hint, never for a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from policyscan.graph.model import RELEVANT, STATE
from policyscan.graph.scope import Instances
from policyscan.graph.target import Confidence
from policyscan.plan import Plan, Resource
from policyscan.plan.address import (
    ModuleInstance,
    ModulePath,
    Subject,
    module_text,
    parse_module,
    parse_reference,
)
from policyscan.plan.configuration import ConfigModule, Expression


class Hint(Struct, frozen=True):
    """An instance that may stand behind a local, and the attribute of it."""

    address: str
    attribute: str
    confidence: Confidence
    via: tuple[str, ...]


class Hints:
    """What may stand behind the locals of one plan."""

    def __init__(self, plan: Plan, instances: Instances) -> None:
        self._plan = plan
        self._instances = instances
        self._unexplained: Mapping[ModulePath, tuple[tuple[str, str], ...]] | None = None
        self._states = {r.address: frozenset(r.depends_on) for r in plan.resources if r.depends_on}

    def behind(self, resource: Resource, local: str, module: ModuleInstance) -> Iterator[Hint]:
        """What may flow out of a local into a resource.

        Attributes that planned changes depend on and no expression of the module shows; and what
        the state says the resource has waited for.
        """
        path = tuple(step.name for step in module)
        relevant = self._relevant().get(path, ())
        sure = Confidence.INFERRED if len(relevant) == 1 else Confidence.AMBIGUOUS
        for text, attribute in relevant:
            for address in self._instances.at(text, module):
                yield Hint(address, attribute, sure, (local, RELEVANT))
        for text in self._nearest(resource):
            for address in self._instances.at(text, resource.module):
                yield Hint(address, "", Confidence.INFERRED, (local, STATE))

    def _nearest(self, resource: Resource) -> Iterator[str]:
        """Of what the state lists, which names everything behind it too, what is direct."""
        listed = frozenset(resource.depends_on)
        for text in resource.depends_on:
            others = (self._instances.at(other, resource.module) for other in listed - {text})
            if not any(text in self._states.get(one, ()) for found in others for one in found):
                yield text

    def _relevant(self) -> Mapping[ModulePath, tuple[tuple[str, str], ...]]:
        if self._unexplained is None:
            shown = {module.path: _shown(module) for module in self._plan.config_modules()}
            found: dict[ModulePath, list[tuple[str, str]]] = {}
            for text, attribute in self._plan.relevant_attributes:
                module = parse_module(text)
                path = tuple(step.name for step in module)
                tail = parse_reference(text.removeprefix(module_text(module)).removeprefix("."))
                known = shown.get(path, {}).get(tail.name, ())
                if not any(_covers(one, attribute) for one in known):
                    found.setdefault(path, []).append((text, attribute))
            self._unexplained = {path: tuple(sorted(each)) for path, each in found.items()}
        return self._unexplained


def _shown(module: ConfigModule) -> dict[str, set[str]]:
    """The attributes of each block that expressions of a module name; "" is the whole."""
    found: dict[str, set[str]] = {}
    for expression in _expressions(module):
        for reference in expression.references:
            if reference.subject is Subject.RESOURCE:
                found.setdefault(reference.name, set()).add(reference.attribute)
    return found


def _expressions(module: ConfigModule) -> Iterator[Expression]:
    for resource in module.resources.values():
        yield from (expression for _, expression in resource.expressions())
    for call in module.calls.values():
        yield from (expression for _, expression in call.body.expressions())
        yield from filter(None, (call.for_each, call.count))
    for output in module.outputs.values():
        yield output.expression


def _covers(shown: str, attribute: str) -> bool:
    return not shown or not attribute or shown.startswith(attribute) or attribute.startswith(shown)
