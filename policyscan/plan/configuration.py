"""The `configuration` part of a plan: what was written, before evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct, field

from policyscan.plan.address import ModulePath, Reference
from policyscan.plan.value import ABSENT, Absent, Known


class Expression(Struct, frozen=True):
    """One argument as written: a constant, or the references it holds."""

    constant: Known | Absent = ABSENT
    references: tuple[Reference, ...] = ()


class Block(Struct, frozen=True, dict=True):
    """The arguments of a block by name; nested blocks in the order they are written."""

    arguments: Mapping[str, Expression]
    blocks: Mapping[str, tuple[Block, ...]]

    def expressions(self, prefix: str = "") -> Iterator[tuple[str, Expression]]:
        """Every (path, expression) below this block, such as `load_balancer[0].container_port`."""
        for name, expression in self.arguments.items():
            yield prefix + name, expression
        for name, nested in self.blocks.items():
            for index, block in enumerate(nested):
                yield from block.expressions(f"{prefix}{name}[{index}].")

    def written(self, names: tuple[str, ...]) -> tuple[tuple[str, Expression], ...] | None:
        """What stands where names lead, as `Resource.expressions` has it; None where nothing is."""
        if names not in self._written:
            self._written[names] = self._find(names)
        return self._written[names]

    @cached_property
    def _written(self) -> dict[tuple[str, ...], tuple[tuple[str, Expression], ...] | None]:
        """What was found: all instances of a block ask for the same."""
        return {}

    def _find(self, names: tuple[str, ...]) -> tuple[tuple[str, Expression], ...] | None:
        blocks: tuple[tuple[str, Block], ...] = (("", self),)
        for name in names:
            written = tuple(
                (f"{prefix}{name}", block.arguments[name])
                for prefix, block in blocks
                if name in block.arguments
            )
            if written:
                return written
            blocks = tuple(
                (f"{prefix}{name}[{index}].", nested)
                for prefix, block in blocks
                for index, nested in enumerate(block.blocks.get(name, ()))
            )
            if not blocks:
                return None
        return tuple(found for prefix, block in blocks for found in block.expressions(prefix))


EMPTY_BLOCK = Block({}, {})


class ConfigResource(Struct, frozen=True):
    """A `resource` or `data` block. `address` has no module and no key: `aws_x.y`."""

    address: str
    mode: str
    type: str
    name: str
    provider_key: str
    body: Block = EMPTY_BLOCK
    count: Expression | None = None
    for_each: Expression | None = None
    depends_on: tuple[Reference, ...] = ()
    provisioners: tuple[tuple[str, Block], ...] = ()

    def expressions(self) -> Iterator[tuple[str, Expression]]:
        """Every (path, expression) of the block but `depends_on`."""
        yield from self.body.expressions()
        if self.for_each is not None:
            yield "for_each", self.for_each
        if self.count is not None:
            yield "count", self.count
        for index, (kind, body) in enumerate(self.provisioners):
            yield from body.expressions(f"provisioner[{index}].{kind}.")


class ConfigProvider(Struct, frozen=True):
    """A `provider` block of one module; `alias` is "" for the default one."""

    module_path: ModulePath
    name: str
    alias: str = ""
    body: Block = EMPTY_BLOCK

    @property
    def address(self) -> str:
        """`provider.aws` or `provider.aws.east`."""
        return ".".join(filter(None, ("provider", self.name, self.alias)))


class ConfigOutput(Struct, frozen=True):
    """An `output` block."""

    expression: Expression
    depends_on: tuple[Reference, ...] = ()


class ModuleCall(Struct, frozen=True):
    """A `module` block with the module it calls."""

    name: str
    source: str
    module: ConfigModule
    body: Block = EMPTY_BLOCK
    count: Expression | None = None
    for_each: Expression | None = None
    depends_on: tuple[Reference, ...] = ()


class ConfigModule(Struct, frozen=True):
    """One module of the configuration; `path` is its call names, () for the root."""

    path: ModulePath
    resources: Mapping[str, ConfigResource]
    calls: Mapping[str, ModuleCall]
    outputs: Mapping[str, ConfigOutput]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def walk(self) -> Iterator[ConfigModule]:
        """The module itself and every one below it, parents first."""
        yield self
        for call in self.calls.values():
            yield from call.module.walk()
