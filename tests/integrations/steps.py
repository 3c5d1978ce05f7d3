"""Runs the steps of `action.yml` in order, as GitHub's runner does, as far as they are shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_DELIMITED = re.compile(r"(?ms)^([\w-]+)<<(\S+)\n(.*?)\n\2\n|^([\w-]+)=([^\n]*)\n")

STAND_IN = r"""#!/usr/bin/env python3
# A stand-in for `gh api graphql`: records each call, and answers from the file `comments`.
import json, os, subprocess, sys
place = os.environ["GH_PLACE"]
given = sys.argv[1:]
fields = {}
for flag, text in zip(given, given[1:]):
    if flag in ("-f", "-F"):
        name, _, value = text.partition("=")
        if flag == "-F" and value.startswith("@"):
            value = open(value[1:], encoding="utf-8").read()
        fields[name] = value
said = {"arguments": given[:2], "token": os.environ.get("GH_TOKEN"), **fields}
with open(f"{place}/calls", "a", encoding="utf-8") as calls:
    print(json.dumps(said), file=calls)
refused = open(f"{place}/refused", encoding="utf-8").read().split()
kinds = ("addComment", "updateIssueComment")
kind = next((each for each in kinds if each in fields["query"]), "read")
if kind in refused:
    sys.exit("gh: Resource not accessible by integration")
if kind == "read":
    with open(f"{place}/comments", encoding="utf-8") as file:
        nodes = json.load(file)
    # Pages of two, as --paginate follows them.
    for at in range(0, max(len(nodes), 1), 2):
        page = {"data": {"node": {"comments": {"nodes": nodes[at : at + 2]}}}}
        program = given[given.index("--jq") + 1]
        subprocess.run(["jq", "-r", program], input=json.dumps(page).encode(), check=True)
"""


@dataclass
class Run:
    """What an action did: `uses` are the actions it called, with their inputs."""

    exit_code: int = 0
    log: str = ""
    uses: dict[str, dict[str, str]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Runner:
    """A job of GitHub in a folder: its workspace, its temporary files, its `gh`."""

    folder: Path
    event: Mapping[str, Any] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    refused: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        """Where steps start."""
        return self.folder / "work space"

    @property
    def temporary(self) -> Path:
        """RUNNER_TEMP, by a name that only quoted scripts survive."""
        return self.folder / "temp $(touch ran)"

    def __post_init__(self) -> None:
        for each in (self.workspace, self.temporary, self.folder / "gh"):
            each.mkdir(parents=True, exist_ok=True)
        (self.folder / "gh" / "gh").write_text(STAND_IN)
        (self.folder / "gh" / "gh").chmod(0o755)

    def run(self, inputs: Mapping[str, str], *, installed: bool = True) -> Run:
        """Run the action. `installed`: what pip would install is there already."""
        action = yaml.safe_load((ROOT / "action.yml").read_text())
        place = self.folder / "gh"
        (place / "comments").write_text(json.dumps(self.comments))
        (place / "refused").write_text(self.refused)
        (place / "calls").write_text("")
        contexts: dict[str, Any] = {
            "github": {"token": "the-token", **self.event},
            "runner": {"temp": str(self.temporary)},
            "steps": {},
        }
        unknown = set(inputs) - set(action["inputs"])
        assert not unknown
        contexts["inputs"] = {
            name: inputs.get(name, filled(str(each.get("default", "")), contexts))
            for name, each in action["inputs"].items()
        }
        if installed:
            install(self.temporary, contexts["inputs"]["python"])
        done = Run()
        for step in action["runs"]["steps"]:
            if not holds(step.get("if", ""), contexts):
                continue
            if "uses" in step:
                given = {key: filled(text, contexts) for key, text in step.get("with", {}).items()}
                done.uses[step["uses"]] = given
                continue
            done.exit_code = self._step(step, contexts, done)
            if done.exit_code:
                break
        done.outputs = {
            name: filled(each["value"], contexts) for name, each in action["outputs"].items()
        }
        done.calls = [json.loads(line) for line in (place / "calls").read_text().splitlines()]
        return done

    def _step(self, step: Mapping[str, Any], contexts: dict[str, Any], done: Run) -> int:
        assert step["shell"] == "bash"
        files = {
            name: self.folder / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
        }
        for path in files.values():
            path.write_text("")
        script = self.folder / "step.sh"
        script.write_text(step["run"])
        written = {key: filled(str(text), contexts) for key, text in step.get("env", {}).items()}
        where = filled(step.get("working-directory", "."), contexts)
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],  # noqa: S607
            cwd=self.workspace / where,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={
                "PATH": f"{self.folder / 'gh'}:{os.environ['PATH']}",
                "HOME": str(self.folder),
                "GH_PLACE": str(self.folder / "gh"),
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(ROOT),
                "RUNNER_TEMP": str(self.temporary),
                **{name: str(path) for name, path in files.items()},
                **self.variables,
                **written,
            },
        )
        done.log += ran.stdout.decode()
        done.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        if "id" in step:
            contexts["steps"][step["id"]] = {"outputs": outputs(files["GITHUB_OUTPUT"].read_text())}
        return ran.returncode


def outputs(text: str) -> dict[str, str]:
    """The content of GITHUB_OUTPUT; anything else than what GitHub takes is an error there too."""
    found = {}
    end = 0
    for match in _DELIMITED.finditer(text):
        assert match.start() == end, f"not an output: {text[end : match.start()]!r}"
        end = match.end()
        name, value = (match[1], match[3]) if match[1] else (match[4], match[5])
        found[name] = value
    assert end == len(text), f"not an output: {text[end:]!r}"
    return found


def filled(text: str, contexts: Mapping[str, Any]) -> str:
    """A text with the values of its expressions; one that leads nowhere is empty."""
    return _EXPRESSION.sub(lambda match: _value(match[1], contexts), text)


def holds(condition: str, contexts: Mapping[str, Any]) -> bool:
    """Whether a condition holds: comparisons with texts, joined by `&&`."""
    for part in filter(None, condition.split(" && ")):
        left, operator, right = part.split(" ")
        assert right[0] == right[-1] == "'"
        assert operator in {"==", "!="}
        if (_value(left, contexts) == right[1:-1]) is not (operator == "=="):
            return False
    return True


def _value(path: str, contexts: Mapping[str, Any]) -> str:
    assert re.fullmatch(r"[a-z][\w.-]*", path), f"this runner does not know {path}"
    found: Any = contexts
    for name in path.split("."):
        found = found.get(name, {}) if isinstance(found, Mapping) else {}
    return "" if isinstance(found, Mapping) else str(found)


def install(temporary: Path, python: str) -> None:
    """Put an environment where the action makes its own, with what these tests run with."""
    named = f"{ROOT} {python}".encode()
    number = subprocess.run(["cksum"], input=named, capture_output=True, check=True).stdout.split()  # noqa: S607
    place = temporary / f"policyscan-{number[0].decode()}"
    if place.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    packages = next((place / "lib").glob("python*")) / "site-packages"
    (packages / "ours.pth").write_text(f"{ROOT}\n{sysconfig.get_paths()['purelib']}\n")
    (place / "installed").touch()
