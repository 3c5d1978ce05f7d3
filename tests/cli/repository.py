"""Git repositories that tests make, whose commits are planned over one another."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from policyscan.planner import Inputs, Request, make_plan

Edit = tuple[str, str, str]
"""A file, and a line of it before and after."""


@dataclass(frozen=True)
class State:
    """A commit, checked out at the top of a folder, and its plan over what stood before."""

    folder: Path
    plan: Path


@dataclass(frozen=True)
class Repository:
    """A repository; each commit has a worktree of its name beside it."""

    folder: Path

    def git(self, *arguments: str) -> str:
        """A git command, by nobody in particular and by no configuration of the machine."""
        identity = ("-c", "user.name=Demo", "-c", "user.email=demo@example.com")
        done = subprocess.run(
            ["git", *identity, *arguments],  # noqa: S607 - the git that is there
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull},
        )
        return done.stdout

    def commit(self, branch: str, *edits: Edit) -> None:
        """A commit on a new branch that replaces lines, each of which is there once."""
        self.git("checkout", "-q", "-b", branch)
        for file, was, becomes in edits:
            path = self.folder / file
            text = path.read_text()
            assert text.count(f"{was}\n") == 1, was
            path.write_text(text.replace(f"{was}\n", f"{becomes}\n"))
        self.git("add", ".")
        self.git("commit", "-q", "-m", branch)

    def planned(self, commit: str, *applied: str) -> State:
        """The plan of a commit, after simulated applies of others."""
        folder = self._checked_out(commit)
        outcome = make_plan(
            folder / "infra",
            Request(
                _inputs(folder),
                after=tuple(_inputs(self._checked_out(each)) for each in applied),
            ),
        )
        plan = folder / "plan.json"
        plan.write_bytes(outcome.plan_json)
        return State(folder, plan)

    def _checked_out(self, commit: str) -> Path:
        folder = self.folder.parent / commit
        if not folder.exists():
            self.git("worktree", "add", "-q", "--detach", str(folder), commit)
        return folder

    def changed(self, old: str, new: str) -> dict[tuple[str, str], int]:
        """The lines that differ, as `git diff -U0` numbers them, by file and what they say."""
        found: dict[tuple[str, str], int] = {}
        file, line = "", 0
        for each in self.git("diff", "-U0", "--no-color", old, new).splitlines():
            if each.startswith("+++ b/"):
                file = each.removeprefix("+++ b/")
            elif hunk := re.match(r"@@ -\S+ \+(\d+)", each):
                line = int(hunk[1])
            elif each.startswith("+"):
                found[file, each[1:]] = line
                line += 1
        return found


def _inputs(folder: Path) -> Inputs:
    infra = folder / "infra"
    return Inputs({}, (infra / "dev.tfvars",), configuration=infra)
