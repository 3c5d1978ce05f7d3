"""The AWS provider 3.39.0 itself: its binary, run without a network, and plans made with it.

Core attaches to the running binary, as it does to ours. What it needs to plan without an account
is written into an override file, so that both providers see the same configuration otherwise.
"""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from policyscan.plan import read_plan
from policyscan.planner.children import Children, children
from policyscan.planner.plan_json import normal_form
from policyscan.planner.prior import state_file
from policyscan.planner.refusal import Place
from policyscan.planner.sandbox import copy_configuration
from policyscan.planner.schema import Block
from policyscan.planner.terraform import Terraform, environment

VERSION = "3.39.0"
ADDRESS = "registry.terraform.io/hashicorp/aws"
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv-fidelity"
_PACKED = f"cloudrail/terraform_plugins/terraform-provider-aws_{VERSION}_linux_amd64.zip"
_PATIENCE_SECONDS = 120.0
# What Terraform core shows a plugin, to be told apart from a person: a public constant of core.
_COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
# What 3.39 keeps in a state of its own accord, where 6.x keeps nothing.
_KEPT: Mapping[str, Mapping[str, Any]] = {
    "aws_api_gateway_rest_api": {"minimum_compression_size": -1},
    "aws_launch_configuration": {"associate_public_ip_address": False},
    "aws_neptune_cluster": {"neptune_cluster_parameter_group_name": "default.neptune1"},
    "aws_s3_bucket": {"acl": "private"},
}
_OVERRIDE = """\
provider "aws" {
  access_key                  = "mock"
  secret_key                  = "mock"
  max_retries                 = 1
  s3_force_path_style         = true
  skip_credentials_validation = true
  skip_get_ec2_platforms      = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
"""


class OldSchema(msgspec.Struct, frozen=True):
    """A resource type as 3.39 has it: what it holds, and the version its state must say."""

    version: int
    block: Block


class _Provider(msgspec.Struct, frozen=True):
    resource_schemas: dict[str, OldSchema]


class _Schemas(msgspec.Struct, frozen=True):
    provider_schemas: dict[str, _Provider]


@dataclass(frozen=True, slots=True)
class AtWork:
    """The binary's process beside those of Terraform; `scratch` is a folder for what they write."""

    reattach: str
    scratch: Path
    children: Children

    def terraform(self, root_module: Path, named: Path) -> Terraform:
        """Terraform in a root module, initialised with the binary as its provider."""
        terraform = Terraform(
            Place(root_module, named),
            environment(self.scratch, self.reattach),
            self.children,
            monotonic() + _PATIENCE_SECONDS,
        )
        terraform.run("init", "-input=false", "-json")
        return terraform


@dataclass(frozen=True, slots=True)
class RealProvider:
    """The running binary: where core finds it, and the schema it serves."""

    at_work: AtWork
    resources: Mapping[str, OldSchema]

    def plan(self, directory: Path, *arguments: str, state_of: bytes = b"") -> bytes:
        """The plan JSON of a configuration; `state_of` is a plan from whose prior state it starts.

        Raises PlannerError: 3.39 refuses the configuration.
        """
        scratch = self.at_work.scratch
        top = scratch / f"plan-{len(list(scratch.glob('plan-*')))}"
        sandbox = copy_configuration(directory, top)
        (sandbox.root_module / "zzzz_mock_override.tf").write_text(_OVERRIDE)
        if state_of:
            sandbox.state.write_bytes(self._state(state_of))
        terraform = self.at_work.terraform(sandbox.root_module, directory)
        terraform.run(
            "plan", "-input=false", "-json", "-refresh=false", "-out=saved.tfplan", *arguments
        )
        return normal_form(terraform.output("show", "-json", "saved.tfplan"), str(sandbox.top))

    def _state(self, plan: bytes) -> bytes:
        """The state that plan was made on, in the form 3.39 wrote: what it lacks is left out."""
        blocks = {name: schema.block for name, schema in self.resources.items()}
        state = json.loads(state_file(read_plan(plan, "the offline plan"), blocks))
        for resource in state["resources"]:
            schema = self.resources[resource["type"]]
            for instance in resource["instances"]:
                for name, value in _KEPT.get(resource["type"], {}).items():
                    instance["attributes"][name] = instance["attributes"][name] or value
                instance["schema_version"] = schema.version
                found = _sensitive(schema.block, instance["attributes"], ())
                instance["sensitive_attributes"] = list(found)
        return json.dumps(state).encode()


def _sensitive(block: Block, values: Any, steps: tuple[Any, ...]) -> Iterator[list[Any]]:
    """The paths a state keeps secret, without which core takes the secrecy for a change."""
    for name, attribute in block.attributes.items():
        if attribute.sensitive:
            yield [*steps, _step("get_attr", name)]
    for name, nested in block.block_types.items():
        for index, element in enumerate(values.get(name) or ()):
            place = _step("index", {"value": index, "type": "number"})
            if nested.nesting == "set":
                place = _step("index", {"value": element, "type": _type_of(nested.block)})
            yield from _sensitive(nested.block, element, (*steps, _step("get_attr", name), place))


def _step(kind: str, value: Any) -> Mapping[str, Any]:
    return {"type": kind, "value": value}


def _type_of(block: Block) -> Any:
    """The cty type of a block's object."""
    inner = {
        name: [nested.nesting, _type_of(nested.block)] for name, nested in block.block_types.items()
    }
    return ["object", {name: each.type for name, each in block.attributes.items()} | inner]


@contextmanager
def real_provider(scratch: Path) -> Iterator[RealProvider]:
    """Run the provider's binary; `scratch` is an empty folder for it and the plans it makes."""
    (found,) = ENVIRONMENT.glob(f"lib/python*/site-packages/{_PACKED}")
    with zipfile.ZipFile(found) as archive:
        (name,) = archive.namelist()
        binary = Path(archive.extract(name, scratch))
    binary.chmod(0o700)
    with children() as started:
        at_work = AtWork(_started(binary, scratch, started), scratch, started)
        yield RealProvider(at_work, _schemas(at_work))


def _started(binary: Path, scratch: Path, started: Children) -> str:
    """Where the binary's process, once it runs, is to be found, as core is told."""
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "PLUGIN_PROTOCOL_VERSIONS": "5",
        "TF_PLUGIN_MAGIC_COOKIE": _COOKIE,
    }
    process = started.start([str(binary)], env=settings, stderr=subprocess.DEVNULL, text=True)
    # One line: core protocol, provider protocol, network, address, "grpc".
    line = str(process.stdout.readline()) if process.stdout else ""
    _, protocol, network, address, *_ = line.split("|")
    reattached = {
        "Protocol": "grpc",
        "ProtocolVersion": int(protocol),
        "Pid": process.pid,
        "Test": True,
        "Addr": {"Network": network, "String": address},
    }
    return json.dumps({ADDRESS: reattached})


def _schemas(at_work: AtWork) -> Mapping[str, OldSchema]:
    folder = at_work.scratch / "schemas"
    folder.mkdir()
    (folder / "main.tf").write_text('provider "aws" {}\n')
    content = at_work.terraform(folder, folder).output("providers", "schema", "-json")
    decoded: Any = msgspec.json.decode(content, type=_Schemas)
    return decoded.provider_schemas[ADDRESS].resource_schemas  # type: ignore[no-any-return]
