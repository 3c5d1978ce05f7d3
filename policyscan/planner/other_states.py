"""Other configurations' states (`terraform_remote_state`), read without the backends they are in.

Core answers this data source itself, out of a backend that may be anywhere. A provider of ours
takes it over: then nothing is fetched, and users answer it as they answer any other.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from policyscan.errors import PlannerError
from policyscan.planner.data_sources import complete
from policyscan.planner.provider import Provider, as_planned
from policyscan.planner.remote_state import TYPE, named_in
from policyscan.planner.schema import Attribute, Block, ProviderSchema
from policyscan.planner.wire import with_type

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from policyscan.planner.data_sources import Known
    from policyscan.planner.provider import Configuration
    from policyscan.planner.sandbox import Sandbox
    from policyscan.planner.schema import TypeHints
    from policyscan.planner.strategy import Strategy

_CORE: Final = ("terraform", "terraform.io/builtin/terraform")
_OURS: Final = ("policyscan-terraform", "registry.terraform.io/policyscan/terraform")
"""The name and the address of a provider: core's own, and the one that takes its place."""
_OVERRIDE: Final = "zzz_policyscan_states_override.tf"
_SCHEMA: Final = ProviderSchema(
    address=_OURS[1],
    version="0",
    provider=Block(),
    resources={},
    data_sources={
        TYPE: Block(
            {
                "backend": Attribute("string", required=True),
                "config": Attribute("dynamic", optional=True),
                "defaults": Attribute("dynamic", optional=True),
                "outputs": Attribute("dynamic", computed=True),
                "workspace": Attribute("string", optional=True),
            }
        )
    },
)
"""Source: terraform, builtin/providers/terraform/data_source_state.go."""


class OtherStates(Struct, frozen=True):
    """The provider of other states, as a vendor; `directory` is the user's root module."""

    directory: Path

    @property
    def schema(self) -> ProviderSchema:
        """Core's schema of the data source."""
        return _SCHEMA

    @property
    def hints(self) -> Mapping[str, TypeHints]:
        """None: it has no resources."""
        return {}

    def provider(self, strategy: Strategy, _known: Known, _root_module: Path) -> Provider:
        """Build the provider for one run."""
        return Provider(_SCHEMA, {}, strategy, _Reader(self.directory), as_planned)


def take_over_states(sandbox: Sandbox) -> None:
    """Have every such block of the configuration read by this provider of ours."""
    for folder in sandbox.folders():
        names = {name for file in sorted(folder.iterdir()) for name in named_in(file)}
        if names:
            (folder / _OVERRIDE).write_text(_override(names), encoding="utf-8")


def as_core_says(shown: bytes) -> bytes:
    """A plan's JSON in which core reads them itself."""
    for ours, core in zip(_OURS, _CORE, strict=True):
        shown = shown.replace(json.dumps(ours).encode(), json.dumps(core).encode())
    return shown


def _override(names: set[str]) -> str:
    name, address = _OURS
    source = address.partition("/")[2]
    blocks = [f'data "{TYPE}" "{each}" {{\n  provider = {name}\n}}\n' for each in sorted(names)]
    required = f'    {name} = {{\n      source = "{source}"\n    }}\n'
    return "".join([f"terraform {{\n  required_providers {{\n{required}  }}\n}}\n", *blocks])


class _Reader(Struct, frozen=True):
    """Reads states that lie on this machine."""

    directory: Path

    def read(
        self, _configuration: Configuration, _type_name: str, block: Block, config: dict[str, Any]
    ) -> dict[str, Any]:
        """The outputs of a local state. Raises PlannerError: it is elsewhere, or there is none."""
        arguments = _untyped(config.get("config"))
        outputs = self._outputs(config, arguments)
        if outputs is None:
            raise PlannerError(_refusal(config, arguments))
        defaults = _untyped(config.get("defaults"))
        found = complete(block, config, {})
        return {**found, "outputs": with_type({**defaults, **outputs})}

    def _outputs(
        self, config: Mapping[str, Any], arguments: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        if config["backend"] != "local" or config.get("workspace") not in {None, "default"}:
            return None
        file = self.directory / str(arguments.get("path") or "terraform.tfstate")
        try:
            told = json.loads(file.read_bytes())["outputs"]
            return {name: told[name]["value"] for name in sorted(told)}
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _untyped(value: Any) -> Mapping[str, Any]:
    return value[1] if value and isinstance(value[1], dict) else {}


def _refusal(config: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """What to write into the file of answers, all on one line."""
    texts = {name: value for name, value in sorted(arguments.items()) if isinstance(value, str)}
    match = json.dumps({"backend": config["backend"], **({"config": texts} if texts else {})})
    return (
        "the state of another configuration is not read offline; give its outputs with --data "
        f"FILE, in which stands: - {{type: {TYPE}, match: {match}, "
        "values: {outputs: {NAME: VALUE}}}"
    )
