"""Asks the worker, in Checkov's own Python, or Checkov's own command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from policyscan.errors import CheckovError

Answer = Mapping[str, Any]

_WORKER: Final = (
    "import sys; sys.path.append(sys.argv[1]); from worker.main import main; sys.path.pop(); main()"
)
# Not its configuration files either: one in the working directory would name code to run.
_COMMAND_LINE: Final = (
    "import sys, checkov.main as main; main.get_default_config_paths = lambda _: []; "
    "sys.exit(main.Checkov().run())"
)
_PLATFORM: Final = ("BC_API_KEY", "BC_API_URL", "PRISMA_API_URL")
"""Variables with which Checkov would ask its platform."""
_WORDS: Final = (
    ("passed_checks", "pass"),
    ("failed_checks", "fail"),
    ("skipped_checks", "skipped"),
)
QUIET: Final = {"CKV_SKIP_PACKAGE_UPDATE_CHECK": "true", "LOG_LEVEL": "WARNING"}
_RAISED: Final = re.compile(r"\]  Failed to run check (\S+) on [^:\n]*:(\S+)$", re.MULTILINE)
# A file without any part of a policy is one of another sort that lies beside the checks.
_NOT_LOADED: Final = re.compile(
    r"\]  (Cannot load external check .+|Failed to parse check id .+"
    r"|Custom policy (?!.* metadata\.id, .* definition$).+)$",
    re.MULTILINE,
)


def worker(python: str, catalogue: str = "", *, warm: bool = False) -> tuple[str, ...]:
    """The command that starts the worker; nothing of the user's surroundings reaches it.

    With a catalogue it loads what judging takes before it is asked, and if `warm` it answers any
    number of requests.
    """
    folder = str(Path(__file__).resolve().parent)
    told = (catalogue, "warm") if warm else (catalogue,)
    return (python, "-I", "-c", _WORKER, folder, *filter(None, told))


def command_line(python: str, plan: Path, options: Sequence[str] = ()) -> tuple[str, ...]:
    """Checkov's own command line for one plan, told not to look anything up."""
    asked = ("--framework", "terraform_plan", "--skip-download", "--output", "json", "--compact")
    return (python, "-I", "-c", _COMMAND_LINE, "--file", str(plan), *asked, *options)


def environment() -> dict[str, str]:
    """The environment variables Checkov runs with."""
    kept = {name: value for name, value in os.environ.items() if name not in _PLATFORM}
    return {**kept, **QUIET}


def started(command: Sequence[str], answer: TextIO, complaints: TextIO) -> subprocess.Popen[str]:
    """Start it. What it says and logs goes to files, so that nobody has to read along."""
    try:
        return subprocess.Popen(  # noqa: S603 - the Python that was set up
            command,
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=complaints,
            text=True,
            encoding="utf-8",
            env=environment(),
        )
    except OSError as problem:
        raise CheckovError(f"{command[0]}: cannot be run: {problem.strerror}") from None


def kept(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a worker that is warm, whose answers go to the files it is told."""
    try:
        return subprocess.Popen(  # noqa: S603 - as above
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
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


def read_command_line(text: str, complaints: str = "") -> Answer:
    """What Checkov's command line reports and logs, in the worker's form.

    Raises CheckovError: it reports nothing.
    """
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
        "errors": sorted(_complained(complaints)),
    }


def _complained(complaints: str) -> set[tuple[str, str, str]]:
    raised = {(check, block, "it raised") for check, block in _RAISED.findall(complaints)}
    return raised | {("", "", told) for told in _NOT_LOADED.findall(complaints)}
