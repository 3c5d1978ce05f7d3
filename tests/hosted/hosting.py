"""Checkov hosting our pack, and policyscan by itself, on the same plans in the same words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policyscan.engine import HOSTED, built_in_pack

ROOT = Path(__file__).resolve().parents[2]
BRIDGE = built_in_pack() / HOSTED
OWN = "PS*"

Key = tuple[str, str, str]
"""A plan, a rule, an address."""
Told = tuple[str, tuple[str, ...]]
"""pass or fail, and the lines that say why."""

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true",
    "POLICYSCAN_COMMAND": f"{sys.executable} -m policyscan",
    # What a replay adds is policyscan's own matter, and takes a second for each plan.
    "POLICYSCAN_REPLAY": "never",
}


@dataclass(frozen=True)
class Checkov:
    """The command line of Checkov, in its own environment."""

    python: Path

    def run(
        self,
        *arguments: str | Path,
        bridge: Path | None = BRIDGE,
        cwd: Path = ROOT,
        checks: str = OWN,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Checkov with a pack. No `checks` are all there are, its own included."""
        chosen = ("--check", checks) if checks else ()
        pack = ("--external-checks-dir", str(bridge)) if bridge else ()
        return subprocess.run(
            [
                str(self.python.with_name("checkov")),
                "--skip-download",
                *pack,
                *chosen,
                *map(str, arguments),
            ],
            cwd=cwd,
            env={**ENVIRONMENT, **(env or {})},
            capture_output=True,
            check=False,
            text=True,
        )

    def judged(
        self,
        *plans: Path,
        bridge: Path = BRIDGE,
        checks: str = OWN,
        env: Mapping[str, str] | None = None,
    ) -> dict[Key, Told]:
        """What Checkov reports of plans: all it passes or fails, once each."""
        files = [word for plan in plans for word in ("-f", str(plan))]
        framework = ("--framework", "terraform_plan", "-o", "json")
        done = self.run(*files, *framework, bridge=bridge, checks=checks, env=env)
        found: dict[Key, Told] = {}
        for key, told in _records(json.loads(done.stdout)):
            assert key not in found
            found[key] = told
        return found


def _records(document: Mapping[str, Any]) -> Iterator[tuple[Key, Told]]:
    for word in ("pass", "fail"):
        for record in document.get("results", {}).get(f"{word}ed_checks", ()):
            key = (record["file_abs_path"], record["check_id"], record["resource"])
            yield key, (word, tuple(record["details"]))


def verdicts(*plans: Path, env: Mapping[str, str] | None = None) -> dict[Key, Mapping[str, Any]]:
    """What policyscan itself says of plans."""
    done = subprocess.run(
        [sys.executable, "-m", "policyscan", *map(str, plans), "-f", "json", "--exit-zero"],
        cwd=ROOT,
        env={**ENVIRONMENT, **(env or {})},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.stderr == ""
    documents = json.loads(done.stdout)
    return {
        (os.path.realpath(each["plan"]["path"]), one["rule"], one["address"]): one
        for each in (documents if len(plans) > 1 else [documents])
        for one in each["verdicts"]
    }


def differences(
    told: Mapping[Key, Told],
    own: Mapping[Key, Mapping[str, Any]],
    visited: Iterable[tuple[str, str]],
) -> list[str]:
    """Where Checkov does not report what policyscan says, of the addresses that Checkov visits."""
    reach = set(visited)
    wanted = {
        key: (one["verdict"], one["message"])
        for key, one in own.items()
        if one["verdict"] in {"pass", "fail"} and (key[0], key[2]) in reach
    }
    shown = {key: (word, lines[0] if lines else "") for key, (word, lines) in told.items()}
    return [
        f"{' '.join(key)}: {shown.get(key)} for {wanted.get(key)}"
        for key in sorted({*wanted, *shown})
        if wanted.get(key) != shown.get(key)
    ]
