"""What a graph tells: edges between attributes, and what an attribute comes to."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from policyscan.graph.target import Confidence, Target
from policyscan.plan import Known, Unknown, Value

WRITTEN = "a constant"
"""The name of a literal that has none, because it stands in the expression itself."""


RELEVANT = "relevant_attributes"
STATE = "prior_state.depends_on"
"""What a hint comes from, as the last step of an edge's `via`."""


class EdgeKind(StrEnum):
    """`depends`: every static reference, as in `terraform graph`; `value`: what it comes to."""

    DEPENDS = "depends"
    VALUE = "value"


class Edge(Struct, frozen=True):
    """`source` depends on `target`; attributes are "" where only the resources are known."""

    source: str
    target: str
    kind: EdgeKind
    from_attribute: str
    to_attribute: str
    confidence: Confidence
    via: tuple[str, ...] = ()

    @property
    def is_hint(self) -> bool:
        """Whether it only may be so: the plan alone hides what stands behind a local."""
        return self.via[-1:] in {(RELEVANT,), (STATE,)}


class Resolution(Struct, frozen=True):
    """What an attribute of an instance comes to.

    `targets` are the instances it takes its value from. `external` are known values that belong
    to no instance of the plan. `literals` are variables and constants that may flow in, by name.
    `unresolved` says what could not be followed and what would help. `is_chosen`: the source
    shows a choice, by a condition or a function, so that something else may come instead.
    `is_settled`: a replay told every part, so that nothing can be missing.
    """

    value: Value
    targets: tuple[Target, ...] = ()
    external: tuple[Known, ...] = ()
    literals: tuple[tuple[str, Value], ...] = ()
    unresolved: tuple[str, ...] = ()
    is_chosen: bool = False
    is_settled: bool = False

    @property
    def is_open(self) -> bool:
        """Whether something may be missing from `targets` and `external`."""
        if self.is_settled or not isinstance(self.value, Unknown):
            return False
        return bool(self.unresolved) or not (self.targets or self.external)


class Members(Struct, frozen=True):
    """What an argument holds under one key, told apart.

    `values` are the values of the key, one each; `beside` is what stands under other keys, and
    `rest` what stands under no key at all, and may bring more of them.
    """

    values: tuple[Resolution, ...]
    beside: Resolution
    rest: Resolution
