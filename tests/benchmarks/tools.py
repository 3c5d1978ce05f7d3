"""The tools that scan the same plans, each in an environment of its own: `make bench-peers`.

Checkov's Python may be named by POLICYSCAN_CHECKOV_PYTHON, as for the tests.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.cold import POLICYSCAN, ROOT, Command, run
from tests.benchmarks.figures import OURS
from tests.peers.run import SCANNERS

FLAGS = ("-f", "json", "-o", os.devnull, "--replay", "never", "--exit-zero", "--no-source")
ALONE = "--no-checkov"
TOGETHER = f"{OURS} with Checkov"
MISSING = "not installed: `make bench-peers`"


def scan(plan: str | Path, *more: str) -> Command:
    """A scan of ours: all rules, report in JSON, no replay, without Checkov unless asked for."""
    return (POLICYSCAN, str(plan), *FLAGS, *(more or (ALONE,)))


@dataclass(frozen=True, slots=True)
class Tool:
    """Another scanner: its name, and the words of its command, `plan.json` one of them."""

    name: str
    words: tuple[str, ...]

    def on(self, plan: Path) -> Command:
        """The command for a plan."""
        return tuple(str(plan) if word == "plan.json" else word for word in self.words)


def _installed() -> tuple[Tool, ...]:
    commands = {each.name: each.command.split() for each in SCANNERS}
    features = str(ROOT / "tests" / "benchmarks" / "compliance")
    commands |= {
        "terraform-compliance": [
            *("terraform-compliance", "--features", features),
            *("--planfile", "plan.json", "--silent"),
        ],
        "pyrrho": ["pyrrho", "plan.json", "--format", "json"],
    }
    return tuple(
        Tool(name, (str(python_of(name).with_name(program)), *arguments))
        for name, (program, *arguments) in commands.items()
    )


def python_of(name: str) -> Path:
    """The Python of a scanner's environment, there or not."""
    own = ROOT / f".venv-{name}" / "bin" / "python"
    return Path(os.environ.get("POLICYSCAN_CHECKOV_PYTHON", own)) if name == "checkov" else own


def at_hand() -> tuple[tuple[Tool, ...], dict[str, str]]:
    """The tools that are there, we with Checkov among them, and why others are not."""
    tools = [Tool(TOGETHER, scan("plan.json", "--checkov"))]
    missing = {}
    if not has_checkov():
        missing[TOGETHER] = "Checkov is not set up: `make checkov`"
    for tool in _installed():
        if Path(tool.words[0]).exists():
            tools.append(tool)
        else:
            missing[tool.name] = MISSING
    return tuple(each for each in tools if each.name not in missing), missing


def has_checkov() -> bool:
    """Whether a scan of ours finds a Checkov that is set up."""
    return not run((POLICYSCAN, "setup", "--check")).exit_code


def version_of(tool: Tool) -> str:
    """The version of a scanner that is installed; ours has none to tell here."""
    if tool.name == TOGETHER:
        return ""
    program = f"import importlib.metadata; print(importlib.metadata.version({tool.name!r}))"
    command = (str(python_of(tool.name)), "-c", program)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
