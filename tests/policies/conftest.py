"""The real Checkov, asked from its own environment."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("checkov_worker.py")

Ask = Callable[[Iterable[str], Path | None], dict[str, Any]]


@pytest.fixture(scope="session")
def checkov(checkov_python: Path) -> Ask:
    """Ask Checkov what it says of plans by the policies of a folder, None for its own."""

    def ask(plans: Iterable[str], folder: Path | None) -> dict[str, Any]:
        request = {"plans": list(plans), "policies": str(folder) if folder else None}
        done = subprocess.run(
            [str(checkov_python), "-I", str(WORKER)],
            input=json.dumps(request),
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        answers: dict[str, Any] = json.loads(done.stdout)
        return answers

    return ask
