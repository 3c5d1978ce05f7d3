"""docs/writing-rules.md from top to bottom: its files are written, its commands run, in order.

A block with a path behind its language is that file. A `sh` block is run, each line of which may
end in `# exit code N`; the `text` block behind it is what its last command prints, or the start of
it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.packs import ROOT, objections

PAGE = ROOT / "docs" / "writing-rules.md"
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT_CODE = re.compile(r"\s+# exit code (\d)$")


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the file it is if any, and its text."""

    language: str
    file: str
    text: str


BLOCKS = tuple(Block(*found) for found in BLOCK.findall(PAGE.read_text(encoding="utf-8")))


def printed(command: str, folder: Path) -> str:
    """What a command of the page prints, once its exit code is as the page has it."""
    told = EXIT_CODE.search(command)
    done = subprocess.run(
        [sys.executable, "-m", *EXIT_CODE.sub("", command).split()],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
    )
    wanted = int(told[1]) if told else 0
    assert (done.returncode, done.stderr) == (wanted, b""), f"{command}: {done.stdout.decode()}"
    return done.stdout.decode()


@pytest.mark.usefixtures("terraform")
def test_the_tutorial_works_as_it_is_written(tmp_path: Path) -> None:
    shown = ""
    for block in BLOCKS:
        if block.file:
            file = tmp_path / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            for command in block.text.splitlines():
                shown = printed(command, tmp_path)
        elif block.language == "text":
            assert shown.splitlines()[: len(block.text.splitlines())] == block.text.splitlines()


def test_the_tutorial_has_files_commands_and_what_they_print() -> None:
    files = {block.file for block in BLOCKS if block.file}
    assert {"rules/acme/bucket_without_lifecycle.py", ".policyscan.yaml"} <= files
    kinds = [block.language for block in BLOCKS]
    assert (kinds.count("sh"), kinds.count("text")) == (7, 6)


def test_the_rule_of_the_tutorial_is_formatted_and_typed(tmp_path: Path) -> None:
    [rule] = [block for block in BLOCKS if block.language == "python"]
    file = tmp_path / "rule.py"
    file.write_text(rule.text, encoding="utf-8")
    assert objections(file) == []
