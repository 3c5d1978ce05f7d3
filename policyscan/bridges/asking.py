"""Asks the worker, in Checkov's own Python, or Checkov's own command line."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from policyscan.errors import CheckovError

Answer = Mapping[str, Any]

_WORKER: Final = (
    "import sys; sys.path.append(sys.argv[1]); from worker.main import main; sys.path.pop(); main()"
)
_COMMAND_LINE: Final = "import sys; from checkov.main import Checkov; sys.exit(Checkov().run())"
_WORDS: Final = (
    ("passed_checks", "pass"),
    ("failed_checks", "fail"),
    ("skipped_checks", "skipped"),
)
QUIET: Final = {"CKV_SKIP_PACKAGE_UPDATE_CHECK": "true", "LOG_LEVEL": "CRITICAL"}


def worker(python: str) -> tuple[str, ...]:
    """The command that starts the worker; nothing of the user's surroundings reaches it."""
    return (python, "-I", "-c", _WORKER, str(Path(__file__).resolve().parent))


def command_line(python: str, plan: Path, options: Sequence[str] = ()) -> tuple[str, ...]:
    """Checkov's own command line for one plan, told not to look anything up."""
    asked = ("--framework", "terraform_plan", "--skip-download", "--output", "json", "--compact")
    return (python, "-I", "-c", _COMMAND_LINE, "--file", str(plan), *asked, *options)


def environment() -> dict[str, str]:
    """The environment variables Checkov runs with."""
    return {**os.environ, **QUIET}


def started(command: Sequence[str], answer: TextIO) -> subprocess.Popen[str]:
    """Start it. What it says goes to a file, so that nobody has to read along."""
    try:
        return subprocess.Popen(  # noqa: S603 - the Python that was set up
            command,
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=environment(),
        )
    except OSError as problem:
        raise CheckovError(f"{command[0]}: cannot be run: {problem.strerror}") from None


def read_worker(text: str) -> Answer:
    """The worker's answer. Raises CheckovError: there is none, or it says that it crashed."""
    try:
        answer = json.loads(text)
    except ValueError:
        raise CheckovError("Checkov ended without an answer") from None
    if not isinstance(answer, dict):
        raise CheckovError("Checkov ended without an answer")
    if "crash" in answer:
        raise CheckovError(f"Checkov crashed: {answer['crash']}")
    return answer


def read_command_line(text: str) -> Answer:
    """What Checkov's command line reports, in the worker's form. Raises CheckovError: nothing."""
    try:
        document = json.loads(text)
    except ValueError:
        raise CheckovError("Checkov ended without a report") from None
    found = document.get("results", {}) if isinstance(document, dict) else {}
    version = document.get("summary", document).get("checkov_version", "")
    records = [(each, word) for name, word in _WORDS for each in found.get(name, ())]
    return {
        "version": version,
        "results": [(each["check_id"], each["resource"], word) for each, word in records],
        "stock": [],
        "checks": {
            each["check_id"]: (each["check_name"], each["severity"], each["guideline"])
            for each, _ in records
        },
        "errors": [],
    }
