"""What others' tools say of our reports."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

from tests.required import missing, skip_if_left_out

ROOT = Path(__file__).resolve().parents[2]
_NODE = ROOT / "tests" / "validators" / "node_modules"
_SARIF = ROOT / ".venv-sarif-tools" / "bin" / "sarif"

# The project has no page in the web to name as `informationUri`.
KNOWN = {"SARIF2005"}


def node_module(name: str) -> Path:
    """The folder of an npm package. Skips the test without, as POLICYSCAN_REQUIRE_NODE says."""
    skip_if_left_out("NODE")
    if not (_NODE / ".locked").exists():
        missing("NODE", "npm packages are not installed: `make validators`")
    return _NODE / name


def multitool(path: Path, tmp_path: Path) -> list[str]:
    """The errors and warnings of Microsoft's SARIF Multitool, by GitHub's rules too."""
    package = node_module("@microsoft")
    names = ("Sarif.Multitool", "Sarif.Multitool.exe")
    found = (each for name in names for each in package.glob(f"sarif-multitool-*/{name}"))
    binary = next(found, None)
    if binary is None:
        missing("NODE", "there is no SARIF Multitool for this system")
    output = tmp_path / "multitool.sarif"
    subprocess.run(
        [
            *(str(binary), "validate", str(path), "--output", str(output)),
            *("--rule-kind", "Sarif;Gh;Ghas", "--level", "Error;Warning"),
            *("--log", "ForceOverwrite"),
        ],
        check=False,
        capture_output=True,
        env={"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "PATH": "/usr/bin:/bin"},
    )
    run = json.loads(output.read_text(encoding="utf-8-sig"))["runs"][0]
    failures = run["invocations"][0].get("toolExecutionNotifications", [])
    return [each["message"]["text"] for each in failures] + [
        f"{each['ruleId']} {each['message'].get('arguments')}"
        for each in run["results"]
        if each["ruleId"] not in KNOWN
    ]


def sarif_tools(path: Path, tmp_path: Path) -> list[dict[str, str]]:
    """The rows sarif-tools makes of a SARIF file."""
    skip_if_left_out("SARIF_TOOLS")
    if not _SARIF.exists():
        missing("SARIF_TOOLS", "sarif-tools is not installed: `make validators`")
    output = tmp_path / "rows.csv"
    done = subprocess.run(
        [str(_SARIF), "csv", "--output", str(output), str(path)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    with output.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
