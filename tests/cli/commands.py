"""Runs the command as a user does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.schema import flaws

ROOT = Path(__file__).resolve().parents[2]


def run(
    *arguments: str | Path, cwd: Path | None = None, stdin: bytes | None = None, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """One command line, in an environment of nothing but what is given, and without Checkov."""
    home = "POLICYSCAN_CHECKOV_HOME"
    done = subprocess.run(
        [sys.executable, "-m", "policyscan", *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        check=False,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            home: os.environ.get(home, str(ROOT / ".no-checkov")),
            **env,
        },
    )
    if b'"verdicts": [' in done.stdout and done.stdout.startswith((b"{", b"[")):
        assert flaws(json.loads(done.stdout)) == []
    return done
