"""Names of resources, and the environment suffix they carry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from policyscan.graph import Confidence, Resolution, ResourceGraph, Target
from policyscan.plan import ABSENT, Absent, Known, Plan, Resource, Template, Unknown, Value
from policyscan.rule.model import Step
from policyscan.rule.parameter import Parameter
from policyscan.rule.tables import load_table

SUFFIX_VARIABLES = Parameter(
    "variables",
    ("environmentSuffix", "environment_suffix", "env_suffix"),
    "variables that may hold the environment's suffix; the first one of the plan counts",
)
"""A parameter of every rule that asks for the suffix."""

_SHORT = 4
"""Characters; a shorter suffix counts only as a word of its own, as many a word ends in it."""
_DEEPEST = 16
"""A name is built of a name of a name only so often; past this it is a loop."""
_MADE_UP = ("random_", "time_")
"""Types whose values carry nothing but the prefix they are given."""
_TAG = "tags.Name"
_SEPARATORS = re.compile(r"[^a-z0-9]+")


class Suffix(Struct, frozen=True):
    """The environment suffix of a plan: the variable `name` and its `value`, "" when empty."""

    name: str
    value: str
    is_sensitive: bool = False

    def __str__(self) -> str:
        """Text fit for a message."""
        return str(Known(self.value, self.is_sensitive))

    @property
    def address(self) -> str:
        """The variable as an expression refers to it."""
        return f"var.{self.name}"

    def is_in(self, text: str) -> bool:
        """Whether a name carries the suffix: as a word of its own, or at its end when long enough.

        Case and the kind of separator do not matter; of an ARN or URL the last segment counts.
        An empty suffix is in no name. Example: "dev" is in "app-dev" and not in "device".
        """
        return self.without(text) is not None

    def without(self, text: str) -> str | None:
        """A name with the suffix taken out, as words with dashes; None when it is not in it."""
        suffix, as_word = _as_word(self.value)
        if not suffix:
            return None
        name = _joined(_last_segment(text))
        if (found := as_word.search(name)) is not None:
            return name[: found.start()] + name[found.end() :]
        if len(suffix) >= _SHORT and name.endswith(suffix):
            return name.removesuffix(suffix)
        return None


@lru_cache
def _as_word(value: str) -> tuple[str, re.Pattern[str]]:
    """A suffix as names are looked through for it, and how it stands there as a word."""
    suffix = _joined(value).strip("-")
    return suffix, re.compile(rf"(?<![a-z0-9]){re.escape(suffix)}(?![a-z0-9])")


def find_suffix(plan: Plan, names: Sequence[str]) -> Suffix | None:
    """The first of the named variables that the plan has, None when it has none of them."""
    for name in names:
        if name in plan.variables:
            value = plan.variables[name]
            if isinstance(value, Known):
                return Suffix(name, str(value.value), value.is_sensitive)
            return Suffix(name, "")
    return None


def _last_segment(text: str) -> str:
    if text.startswith("arn:"):
        return re.split(r"[:/]", text)[-1]
    return text.rstrip("/").rpartition("/")[2] if "://" in text else text


def _joined(text: str) -> str:
    return _SEPARATORS.sub("-", text.lower())


def words(text: str) -> tuple[str, ...]:
    """The words of a name, in lower case. Example: `/ecs/Fraud_dev` is ("ecs", "fraud", "dev")."""
    return tuple(filter(None, _SEPARATORS.split(text.lower())))


class Name(Struct, frozen=True):
    """The name of a resource: the attribute that holds it, and what the plan says of it.

    `is_generated`: nobody gave it, the provider makes it up.
    """

    attribute: str
    value: Value
    is_generated: bool = False


def own_name(resource: Resource) -> Name | None:
    """What a resource is called: its own name, else its tag `Name`; None when it has neither."""
    table = load_table("name_attributes")
    attributes = table["types"].get(resource.type, ())
    for attribute in attributes:
        value = resource.value(attribute)
        if not isinstance(value, Absent):
            given = resource.config is None or any(
                resource.expressions(each) for each in attributes
            )
            return Name(attribute, value, is_generated=not given)
    if resource.type in table["generated"]:
        return Name(attributes[0], ABSENT, is_generated=True)
    value = resource.value(_TAG)
    return None if isinstance(value, Absent) else Name(_TAG, value)


class Flow(Struct, frozen=True):
    """Whether the suffix flows into a name: `carries` None is not known, for the reason `why`."""

    carries: bool | None
    why: str = ""
    path: tuple[Step, ...] = ()


class SuffixFlow:
    """Follows what names are built of to the suffix, where their values do not tell."""

    def __init__(self, graph: ResourceGraph, suffix: Suffix) -> None:
        self._graph = graph
        self._suffix = suffix

    def into(self, resource: Resource, name: Name, depth: int = 0) -> Flow:
        """Whether the suffix variable, or a name that carries the suffix, flows into a name."""
        if isinstance(name.value, Unknown) and name.value.template is not None:
            return self._of_template(name.value.template, depth)
        resolution = self._resolution(resource, name)
        if resolution is None:
            return Flow(None, f"it is one of several tags; {self._graph.advice}")
        for literal, value in resolution.literals:
            if literal == self._suffix.address or self._is_in(value):
                return Flow(carries=True, path=(Step(literal),))
        flows = [self._of_target(target, depth) for target in resolution.targets]
        return _either([*(Flow(None, why) for why in resolution.unresolved), *flows])

    def _of_template(self, template: Template, depth: int) -> Flow:
        """Whether a name carries the suffix, by the parts a replay tells it will be made of."""
        if self._suffix.is_in(template.filled(lambda _: "-")):
            return Flow(carries=True, path=(Step(self._suffix.address),))
        taken = (Target(part.address, part.attribute, Confidence.EXACT) for part in template.taken)
        flows = [self._of_target(target, depth) for target in taken]
        if template.is_derived:
            flows.append(Flow(None, "a part of it is worked out of what only apply will tell"))
        return _either(flows)

    def _resolution(self, resource: Resource, name: Name) -> Resolution | None:
        if name.attribute == _TAG:
            members = self._graph.members(resource, "tags", "Name")
            return members.values[0] if members and len(members.values) == 1 else None
        return self._graph.resolve(resource, name.attribute)

    def _is_in(self, value: Value) -> bool:
        """Whether a variable or constant that flows in carries the suffix itself."""
        return (
            isinstance(value, Known)
            and isinstance(value.value, str)
            and self._suffix.is_in(value.value)
        )

    def _of_target(self, target: Target, depth: int) -> Flow:
        """Whether what another resource gives to a name carries the suffix."""
        path = (Step(target.address, target.attribute),)
        resource = self._graph.resource(target.address)
        if resource is None or depth > _DEEPEST:
            return Flow(None, f"{target.address} is not in this plan")
        value = resource.value(target.attribute) if target.attribute else ABSENT
        if isinstance(value, Known):
            return Flow(self._is_in(value), path=path)
        if resource.type.startswith(_MADE_UP):
            return Flow(self._is_in(resource.value("prefix")), path=path)
        name = own_name(resource) if resource.mode == "managed" else None
        if name is None or target.attribute not in (*_own(resource), "arn", "name"):
            shown = f"{target.address}.{target.attribute}".rstrip(".")
            return Flow(None, f"it takes {shown}, which is known only after apply")
        if isinstance(name.value, Known):
            return Flow(self._is_in(name.value), path=path)
        flow = self.into(resource, name, depth + 1)
        return Flow(flow.carries, flow.why, (*path, *flow.path))


def _either(flows: Sequence[Flow]) -> Flow:
    """Whether the suffix comes in by any of several ways."""
    for flow in flows:
        if flow.carries:
            return flow
    if reasons := [flow.why for flow in flows if flow.carries is None]:
        return Flow(None, "; ".join(reasons))
    return Flow(carries=False, path=tuple(step for flow in flows for step in flow.path))


def _own(resource: Resource) -> Iterator[str]:
    yield from load_table("name_attributes")["types"].get(resource.type, ())
