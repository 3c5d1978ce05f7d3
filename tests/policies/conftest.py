"""The real Checkov, asked from its own environment."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("checkov_worker.py")

Ask = Callable[[Iterable[str], Path | None], dict[str, Any]]


@pytest.fixture(scope="session")
def checkov() -> Ask:
    """Ask Checkov what it says of plans by the policies of a folder, None for its own.

    Skips a test without Checkov; POLICYSCAN_REQUIRE_CHECKOV=1 makes that a failure, 0 leaves out
    every test that needs it. POLICYSCAN_CHECKOV_PYTHON names the Python of another environment.
    """
    required = os.environ.get("POLICYSCAN_REQUIRE_CHECKOV")
    if required == "0":
        pytest.skip("left out by POLICYSCAN_REQUIRE_CHECKOV=0")
    own = ROOT / ".venv-checkov" / "bin" / "python"
    python = Path(os.environ.get("POLICYSCAN_CHECKOV_PYTHON", own))
    if not python.exists():
        missing = f"Checkov is not installed, {python} is missing: `make checkov`"
        if required == "1":
            pytest.fail(f"{missing}, and POLICYSCAN_REQUIRE_CHECKOV=1 asks for it")
        pytest.skip(missing)

    def ask(plans: Iterable[str], folder: Path | None) -> dict[str, Any]:
        request = {"plans": list(plans), "policies": str(folder) if folder else None}
        done = subprocess.run(
            [str(python), "-I", str(WORKER)],
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
