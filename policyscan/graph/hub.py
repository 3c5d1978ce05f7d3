"""What instances wait for, told once for all that share it.

Ten thousand instances that name ten thousand others need no hundred million edges: each points at
one hub, and the hub at each. The hubs are Terraform's own graph nodes: variables, locals, outputs,
a module's beginning and its end, provider configurations; and one for all instances of a block.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from policyscan.graph.target import Confidence
from policyscan.plan.address import ModuleInstance, module_text


class Part(StrEnum):
    """What a hub stands for."""

    BLOCK = "block"
    """Every instance of a resource block in one module instance."""
    NAME = "name"
    """A variable, local or output: `var.x`, `local.x`, `output.x`."""
    CALL = "call"
    """Of every instance of a module call one output, `x.out`, or everything inside, `x.`."""
    BEGIN = "begin"
    """Of a module instance: what its call says in `for_each`, `count` and `depends_on`."""
    END = "end"
    """Of a module instance: everything inside it."""
    PROVIDER = "provider"
    """A provider configuration."""


class Hub(Struct, frozen=True, cache_hash=True):
    """A node between instances. `rest` is the path taken out of a name's value."""

    part: Part
    module: ModuleInstance
    name: str = ""
    rest: str = ""

    def __str__(self) -> str:
        """How a way through it is told, as in `Target.via`."""
        return ".".join(filter(None, (module_text(self.module), self.name)))


Node = str | Hub
"""An instance by its address, or a hub."""


class Hop(Struct, frozen=True, cache_hash=True):
    """One step from a node to what it waits for.

    `argument` is where the reference stands in the node, `attribute` what it takes of the target.
    """

    target: Node
    argument: str = ""
    attribute: str = ""
    confidence: Confidence = Confidence.EXACT
