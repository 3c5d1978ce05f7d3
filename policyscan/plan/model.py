"""A plan as the rest of policyscan knows it: frozen and typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from policyscan.plan.address import InstanceKey, ModuleInstance, ModulePath
from policyscan.plan.attributes import (
    MISSING,
    child,
    has_true,
    is_marked,
    mark_of,
    names_in,
    parse_path,
)
from policyscan.plan.configuration import (
    ConfigModule,
    ConfigProvider,
    ConfigResource,
    Expression,
)
from policyscan.plan.template import Template
from policyscan.plan.value import ABSENT, UNKNOWN, Known, Unknown, Value


class Resource(Struct, frozen=True):
    """One resource instance with its change.

    `module_path` is the names of the module's calls, without keys. `before` and `after` are the
    attribute maps of Terraform's `change`, None where the instance does not exist. A data source
    already read, and a resource only in the prior state, has no change: its actions are ("read",)
    or ("no-op",) and before equals after.
    Source: internal/command/jsonplan/resource.go, ResourceChange and Change.
    """

    address: str
    module: ModuleInstance
    module_path: ModulePath
    mode: str
    type: str
    name: str
    key: InstanceKey
    provider: str
    actions: tuple[str, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    after_unknown: Any = False
    before_sensitive: Any = False
    after_sensitive: Any = False
    replace_paths: tuple[tuple[str | int, ...], ...] = ()
    action_reason: str = ""
    previous_address: str = ""
    deposed: str = ""
    depends_on: tuple[str, ...] = ()
    config: ConfigResource | None = None

    @property
    def config_address(self) -> str:
        """The address inside its module without a key: `aws_x.y` or `data.aws_x.y`."""
        if self.config is not None:
            return self.config.address
        prefix = "data." if self.mode == "data" else ""
        return f"{prefix}{self.type}.{self.name}"

    @property
    def block_address(self) -> str:
        """The address of its block in the configuration, without any key: `module.net.aws_x.y`."""
        return ".".join([*(f"module.{name}" for name in self.module_path), self.config_address])

    @property
    def provider_key(self) -> str:
        """Which provider block makes it, "" where its own block is gone."""
        return self.config.provider_key if self.config is not None else ""

    @property
    def is_created(self) -> bool:
        """Made by this plan, whether new or as a replacement."""
        return "create" in self.actions

    @property
    def is_deleted(self) -> bool:
        """Gone after this plan (a replacement is not)."""
        return self.after is None

    @property
    def is_deferred(self) -> bool:
        """A data source that only apply will read."""
        return self.mode == "data" and self.action_reason.startswith("read_because")

    @property
    def has_open_arguments(self) -> bool:
        """Whether something the configuration gives is known only after apply."""
        marks = self.after_unknown if isinstance(self.after_unknown, dict) else {}
        return any(has_true(mark) and self.is_written(name) for name, mark in marks.items())

    def value(self, path: str) -> Value:
        """What the plan says of an attribute, such as `load_balancer[0].container_port`.

        Unknown and without an expression in the configuration is Absent: an optional attribute
        nobody gave, which the provider will fill. A deleted instance answers from `before`.
        """
        value, unknown, sensitive = self._at(path)
        if unknown and has_true(unknown):
            if not self.is_written(path):
                return ABSENT
            return Unknown(template=value) if isinstance(value, Template) else UNKNOWN
        if value is MISSING or value is None:
            return ABSENT
        return Known(value, has_true(sensitive)) if sensitive else Known(value)

    def _at(self, path: str) -> tuple[Any, Any, Any]:
        """What stands at a path: the value, the mark of what is unknown, that of what is secret."""
        if self.after is None:
            value, unknown, sensitive = self.before, False, self.before_sensitive
        else:
            value, unknown, sensitive = self.after, self.after_unknown, self.after_sensitive
        for step in parse_path(path):
            value = child(value, step)
            # Most attributes have no mark, and every question of every rule comes through here.
            if unknown:
                unknown = mark_of(unknown, step)
            if sensitive:
                sensitive = mark_of(sensitive, step)
        return value, unknown, sensitive

    def leaves(self, path: str) -> tuple[Value, ...]:
        """Every single value at or inside an attribute, each known, unknown or absent."""
        match self.value(path):
            case Unknown(template=None):
                pass
            case single:
                return (single,)
        return tuple(_leaves(*self._at(path)))

    def before_value(self, path: str) -> Value:
        """The attribute before this plan, Absent when the instance did not exist."""
        value: Any = self.before
        steps = parse_path(path)
        for step in steps:
            value = child(value, step)
        if value is MISSING or value is None:
            return ABSENT
        return Known(value, is_marked(self.before_sensitive, steps))

    def elements(self, path: str) -> tuple[Value, ...]:
        """The members of a list, set or repeated block, each known, unknown or absent.

        A list that is wholly unknown is one Unknown; one that is not set has no members.
        """
        value, unknown, _ = self._at(path)
        if unknown is True:
            return (UNKNOWN,) if self.is_written(path) else ()
        size = len(value) if isinstance(value, list) else 0
        if isinstance(unknown, list):
            size = max(size, len(unknown))
        return tuple(self.value(f"{path}[{index}]") for index in range(size))

    def count_of(self, path: str) -> int:
        """How many members a list or repeated block has, as far as the plan tells."""
        value: Any = self.before if self.after is None else self.after
        for step in parse_path(path):
            value = child(value, step)
        return len(value) if isinstance(value, list) else 0

    def is_written(self, path: str) -> bool:
        """Whether the configuration gives this attribute.

        A `dynamic` block is nowhere in the plan's configuration; its members count as written,
        because the values of a block that the provider made up come whole, never in parts.
        """
        if self.config is None:
            return True
        return self._find(path) is not None

    def expressions(self, path: str) -> tuple[tuple[str, Expression], ...]:
        """The expressions an attribute comes from, each with the path it was written at.

        That is the argument itself, every argument inside it when it is a block, or the argument
        around it when the block was written as an attribute. Members of a set stand in the plan
        in another order than they were written, so all blocks of a name are taken when there are
        more than one.
        """
        return self._find(path) or ()

    def _find(self, path: str) -> tuple[tuple[str, Expression], ...] | None:
        if self.config is None:
            return None
        body, names = self.config.body, names_in(path)
        if names:
            # Nearly all that is asked for is an argument of the block itself.
            if (written := body.arguments.get(names[0])) is not None:
                return ((names[0], written),)
            if not body.blocks.get(names[0]):
                return () if self._has_member(names[0]) else None
        return body.written(names)

    def _has_member(self, name: str) -> bool:
        """Whether it may be a block, or a map made of several: `tags_all` of default tags.

        A plain value that nobody wrote is the provider's.
        """
        value = self.after.get(name) if isinstance(self.after, dict) else None
        if isinstance(value, list):
            return any(isinstance(each, dict) for each in value)
        return isinstance(value, dict) and bool(value)


def _leaves(value: Any, unknown: Any, sensitive: Any) -> Iterator[Value]:
    if unknown is True:
        yield Unknown(template=value if isinstance(value, Template) else None)
    elif isinstance(value, dict):
        names = {*value, *(unknown if isinstance(unknown, dict) else ())}
        for name in sorted(names):
            yield from _leaves(child(value, name), mark_of(unknown, name), mark_of(sensitive, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, mark_of(unknown, index), mark_of(sensitive, index))
    elif value is not MISSING and value is not None:
        yield Known(value, is_sensitive=has_true(sensitive))


class Offline(Struct, frozen=True):
    """How far a plan that policyscan made without cloud or credentials is to be trusted.

    stand_ins: addresses of data sources whose answers were made up.
    imported: addresses of existing objects that were taken to be what is configured.
    schema_only: types of which only the schema is known, no defaults and not what replaces them.
    notes: what else to know about how it was made.
    is_simulated: what stands before it was applied in simulation, and may not be in the account.
    """

    stand_ins: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()
    schema_only: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_simulated: bool = False


class Plan(Struct, frozen=True):
    """A whole plan. `resources` is sorted by address; `prior` holds what only the state knows.

    `relevant_attributes` are (resource address without keys, attribute path) pairs that planned
    changes depend on. `providers` are the provider configurations by `ConfigResource.provider_key`.
    `failed_checks` are the addresses of failed check blocks and conditions, `drifted` those of
    resources that changed outside Terraform, `changed_outputs` the names of outputs that change.
    `secret_constants` are values the configuration gives to sensitive variables and outputs.
    `is_before`: it is the world before another plan, by `world_before`. `offline` says what in it
    was made up.
    """

    name: str
    sha256: str
    format_version: str
    terraform_version: str
    resources: tuple[Resource, ...]
    configuration: ConfigModule
    variables: Mapping[str, Value]
    providers: Mapping[str, ConfigProvider] = field(default_factory=dict)
    relevant_attributes: tuple[tuple[str, str], ...] = ()
    is_errored: bool = False
    is_complete: bool = True
    secret_constants: tuple[Any, ...] = ()
    is_refresh_only: bool = False
    failed_checks: tuple[str, ...] = ()
    is_replayed: bool = False
    is_before: bool = False
    drifted: tuple[str, ...] = ()
    changed_outputs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    offline: Offline = Offline()

    def config_modules(self) -> Iterator[ConfigModule]:
        """Every module of the configuration, the root first."""
        return self.configuration.walk()
