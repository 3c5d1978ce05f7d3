"""Checkov's own command line on many plans, loaded once: `PYTHON -I command_line.py < plans`.

Takes a path a line, and answers each with a line of JSON: what
`checkov --file PLAN --framework terraform_plan --skip-download --output json` prints, or null where
it prints no JSON. Each plan is judged by a process of its own, forked once Checkov is loaded.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from checkov.main import Checkov


def printed(plan: str) -> str:
    """What the command line prints for one plan."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            options = ["--framework", "terraform_plan", "--skip-download", "--output", "json"]
            try:
                Checkov(["--file", plan, *options, "--compact"]).run()
            finally:
                sys.stdout.flush()
                os._exit(0)
        os.waitpid(child, 0)
        output.seek(0)
        return output.read()


def main() -> None:
    """Answer line by line."""
    os.environ["CKV_SKIP_PACKAGE_UPDATE_CHECK"] = "true"
    for line in sys.stdin:
        plan = line.rstrip("\n")
        os.chdir(Path(plan).parent)
        try:
            answer = json.loads(printed(plan))
        except ValueError:
            answer = None
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
