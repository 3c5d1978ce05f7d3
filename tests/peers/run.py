"""Runs other scanners on the plan with fourteen defects: `make peers`.

Writes what they report, and the page that tells it. Leaves with 1, the page as it was, when a check
reports that nobody has reviewed: a person then adds it to `reviewed.json`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.page import (
    FOLDER,
    PAGE,
    PEERS,
    ROOT,
    Peer,
    Report,
    defects,
    page,
    peers_json,
    planned,
    reviews,
    unreviewed,
)

Found = Iterator[tuple[str, str, str]]
"""Check, text and address of each finding."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """A scanner in the environment `.venv-NAME`: how to run it, how to read what it says."""

    name: str
    command: str
    read: Callable[[Any], Found]


def _read_checkov(document: Any) -> Found:
    for each in document["results"]["failed_checks"]:
        yield each["check_id"], each["check_name"], each["resource_address"]


def _read_tf_nag(document: Any) -> Found:
    for each in document:
        yield each["rule_id"], each["message"], each["address"]


SCANNERS = (
    Scanner(
        "checkov",
        "checkov --file plan.json --framework terraform_plan --skip-download --output json",
        _read_checkov,
    ),
    Scanner("tf-nag", "tf-nag scan --plan-json plan.json --format json", _read_tf_nag),
)
QUIET = {"CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}
FINDINGS = 1
"""The exit code of either when there are findings."""


def ran(scanner: Scanner) -> Peer:
    """Run a scanner on a copy of the plan, where no configuration file of anyone lies about."""
    programs = ROOT / f".venv-{scanner.name}" / "bin"
    name, *arguments = scanner.command.split()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(FOLDER / "plan.json", folder)
        done = subprocess.run(
            (str(programs / name), *arguments),
            cwd=folder,
            env={**os.environ, **QUIET},
            capture_output=True,
            check=False,
            text=True,
        )
    if done.returncode not in {0, FINDINGS}:
        sys.exit(f"{scanner.name} left with exit {done.returncode}:\n{done.stderr}")
    return Peer(
        scanner.name,
        _version(programs / "python", scanner.name),
        scanner.command,
        tuple(_reports(scanner.read(json.loads(done.stdout)))),
    )


def _version(python: Path, name: str) -> str:
    program = f"import importlib.metadata; print(importlib.metadata.version({name!r}))"
    command = (str(python), "-c", program)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _reports(found: Found) -> Iterator[Report]:
    addresses: dict[tuple[str, str], list[str]] = {}
    for check, text, address in found:
        addresses.setdefault((check, text), []).append(address)
    for (check, text), where in sorted(addresses.items()):
        yield Report(check, text, tuple(sorted(where)))


def main() -> None:
    peers = tuple(ran(scanner) for scanner in SCANNERS)
    PEERS.write_text(peers_json(peers), encoding="utf-8")
    reviewed = reviews()
    if new := unreviewed(peers, reviewed):
        listed = "\n".join(new)
        sys.exit(f"nobody has reviewed these yet, see {FOLDER / 'reviewed.json'}:\n{listed}")
    PAGE.write_text(page(defects(), peers, reviewed, planned()), encoding="utf-8")


if __name__ == "__main__":
    main()
