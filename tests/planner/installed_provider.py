"""A provider written in Python, installed for Terraform as a real one is."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from policyscan.planner.terraform import executable

_ROOT = Path(__file__).resolve().parents[2]

_PROGRAM = """#!{python}
import os, sys, time
sys.path[:0] = {path!r}
from pathlib import Path
from policyscan.planner import server
from policyscan.planner.data_sources import Known
from policyscan.planner.schema import load_schema_file
from policyscan.planner.strategy import Unknown
from policyscan.planner.vendors import load_vendors

Path({log!r}).open("a").write("started\\n")
given = load_schema_file(Path({schema!r}), frozenset({types!r}))
[vendor] = load_vendors(frozenset(), given)
servicer = server._Servicer(vendor.provider(Unknown(), Known(), Path(".")), {{}})
started, port = server._start(servicer, os.getpgrp())
print(f"1|6|tcp|127.0.0.1:{{port}}|grpc", flush=True)
parent = os.getppid()
while os.getppid() == parent:
    time.sleep(0.1)
"""
"""A provider as Terraform starts one: it says where it listens, and serves a schema there."""


@dataclass(frozen=True)
class Installed:
    """How a folder is initialised with it; `log` has a line for each time it was started."""

    variables: dict[str, str]
    log: Path

    def initialise(self, folder: Path) -> None:
        """Run `terraform init` in the folder."""
        done = subprocess.run(
            [executable(), "init", "-input=false", "-no-color"],
            cwd=folder,
            env={**os.environ, **self.variables},
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def starts(self) -> int:
        """How often it was started."""
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


def install(top: Path, source: str, schema: Path, types: set[str]) -> Installed:
    """Put a provider that serves the one schema in `schema` where `terraform init` finds it."""
    name = source.rpartition("/")[2]
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    program = top / "mirror" / source / "1.0.0" / f"{sys.platform}_{machine}"
    program.mkdir(parents=True)
    program /= f"terraform-provider-{name}_v1.0.0"
    log = top / "started"
    program.write_text(
        _PROGRAM.format(
            python=sys.executable,
            path=[str(_ROOT), *sys.path],
            schema=str(schema),
            types=sorted(types),
            log=str(log),
        )
    )
    program.chmod(0o755)
    settings = top / "terraform.rc"
    mirror = f'filesystem_mirror {{\n path = "{top}/mirror"\n }}'
    settings.write_text(f"provider_installation {{\n {mirror}\n}}\n")
    variables = {
        # No network is asked for news of Terraform, and this provider speaks no TLS.
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_DISABLE_PLUGIN_TLS": "1",
    }
    return Installed(variables, log)
