"""The hook for pre-commit, run by pre-commit itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.integrations.pages import ROOT, blocks, workplace
from tests.required import missing, skip_if_left_out

HOOKS = ROOT / ".pre-commit-hooks.yaml"
GIT = shutil.which("git") or ""


def pre_commit(*arguments: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Run pre-commit in a folder, with a home of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        env={
            **{name: os.environ[name] for name in os.environ if not name.startswith("GIT_")},
            "PATH": f"{place.parent / 'bin'}:{os.environ['PATH']}",
            "PRE_COMMIT_HOME": str(place.parent / "pre-commit"),
            "GIT_CONFIG_GLOBAL": os.devnull,
        },
    )


def git(place: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    subprocess.run([GIT, *who, *arguments], cwd=place, check=True, capture_output=True)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository with a root module that fails, its module, and one that has nothing to judge."""
    if not GIT:
        pytest.skip("git is not installed")
    place = workplace(tmp_path)
    shutil.copytree(ROOT / "fixtures" / "rules" / "PS805" / "fail", place / "live")
    (place / "live" / "plan.json").unlink()
    (place / "empty").mkdir()
    (place / "empty" / "main.tf").touch()
    git(place, "init", "--quiet")
    git(place, "add", ".")
    return place


def test_hooks_and_the_documented_configuration_are_valid(tmp_path: Path) -> None:
    place = workplace(tmp_path)
    [configuration] = blocks("pre-commit.md", "yaml")
    (place / "config.yaml").write_text(configuration)
    done = pre_commit("validate-config", "config.yaml", place=place)
    assert done.returncode == 0, done.stdout
    done = pre_commit("validate-manifest", str(HOOKS), place=place)
    assert done.returncode == 0, done.stdout
    (place / "hooks.yaml").write_text(HOOKS.read_text().replace("entry:", "entri:"))
    assert pre_commit("validate-manifest", "hooks.yaml", place=place).returncode == 1


def test_files_that_change_a_plan_are_those_the_hook_is_given() -> None:
    [hook] = yaml.safe_load(HOOKS.read_text())
    for name in ("main.tf", "a/main.tf.json", "a b/prod.auto.tfvars"):
        assert re.search(hook["files"], name)
    for name in ("main.tfstate", "tf", "plan.json", "main.tf.md"):
        assert not re.search(hook["files"], name)


@pytest.mark.usefixtures("terraform")
def test_pre_commit_installs_the_hook_from_the_repository(place: Path) -> None:
    skip_if_left_out("PACKAGES")
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    done = pre_commit("try-repo", str(ROOT), "policyscan", "--files", "live/main.tf", place=place)
    if "No matching distribution" in done.stdout or "Connection" in done.stdout:
        missing("PACKAGES", "pip cannot install")
    assert done.returncode == 1, done.stdout
    assert "hook id: policyscan" in done.stdout
    assert "live:" in done.stdout


@pytest.mark.usefixtures("terraform")
def test_pre_commit_judges_the_root_modules_of_changed_files(place: Path) -> None:
    # As it is, but for being installed anew: pre-commit finds it on PATH.
    [hook] = yaml.safe_load(HOOKS.read_text())
    local = {**hook, "language": "system", "args": ["--select", "PS805", "--fail-on", "low"]}
    configuration = {"repos": [{"repo": "local", "hooks": [local]}]}
    (place / ".pre-commit-config.yaml").write_text(yaml.safe_dump(configuration))
    git(place, "add", ".")
    child = next(each for each in (place / "live").rglob("*/*.tf"))
    done = pre_commit("run", "--files", str(child.relative_to(place)), place=place)
    assert done.returncode == 1
    assert "PS805" in done.stdout
    assert "live:" in done.stdout
    for unjudged in ("empty/main.tf", "clean.json"):
        done = pre_commit("run", "--files", unjudged, place=place)
        assert done.returncode == 0, done.stdout
