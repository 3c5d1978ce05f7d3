"""What the pages on CI tell users to write."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLANS = {
    "clean.json": ROOT / "fixtures" / "reference" / "plan.json",
    "broken.json": ROOT / "fixtures" / "reference_broken" / "plan.json",
}


def blocks(page: str, language: str) -> list[str]:
    """The code of a page of docs/ci in a language."""
    text = (ROOT / "docs" / "ci" / page).read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def workplace(folder: Path) -> Path:
    """A folder with the reference plan, its broken twin, and `policyscan` in `bin`."""
    place = folder / "a place"
    (place / "infra").mkdir(parents=True)
    for name, plan in PLANS.items():
        shutil.copy(plan, place / name)
    (folder / "bin").mkdir()
    script = folder / "bin" / "policyscan"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m policyscan "$@"\n')
    script.chmod(0o755)
    return place


def shell(script: str, place: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a CI job does, without Terraform."""
    return subprocess.run(
        ["sh", "-e"],  # noqa: S607
        input=script,
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": f"{place.parent / 'bin'}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "POLICYSCAN_CHECKOV_HOME": os.environ["POLICYSCAN_CHECKOV_HOME"],
            **variables,
        },
    )
