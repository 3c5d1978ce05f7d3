"""Every command in the documentation runs, every link leads somewhere, every page is current."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from policyscan.engine import GATE, built_in_pack, load_pack
from policyscan.report.rule_text import EXAMPLES, written_examples
from policyscan.workbench.pages import made_examples, made_pages
from tests.fleet.made import MORNING, plan, verdict, write

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "infra" / "README.md",
    ]
)
TUTORIAL = ROOT / "docs" / "writing-rules.md"
"""Its commands build on each other: tests/test_tutorial.py runs them in order."""
NEEDS_CLOUD = ("terraform", "docker", "aws", "url=")
"""Commands of the infra page that need an account; everything else is run here."""
HERE = {"PYTHONPATH": str(ROOT), "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}
DIGEST = "sha256:" + "0123456789abcdef" * 4


def commands() -> list[tuple[Path, str]]:
    found = []
    for page in (each for each in PAGES if each != TUTORIAL):
        for fenced in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL):
            joined = fenced.replace("\\\n", " ")
            found += [(page, line.strip()) for line in joined.splitlines() if line.strip()]
    return found


def runnable() -> list[tuple[Path, str]]:
    return [(page, line) for page, line in commands() if not line.startswith(NEEDS_CLOUD)]


@pytest.mark.parametrize(
    ("page", "line"), runnable(), ids=[f"{page.name}: {line}" for page, line in runnable()]
)
def test_a_documented_command_runs(
    page: Path, line: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    del page
    command = line.partition("#")[0].strip().replace("sha256:...", DIGEST)
    if command.startswith("make "):
        subprocess.run(
            [*shlex.split(command), "--dry-run"], cwd=ROOT, check=True, capture_output=True
        )
        return
    if "--checkov" in command:
        request.getfixturevalue("checkov_home")
    planned = r"policyscan (?:plan |infra|hook|fixtures/(?:offline|real_world)/)"
    if re.match(planned, command):
        request.getfixturevalue("terraform")
    path = os.environ["PATH"]
    if command.startswith("checkov "):
        python = request.getfixturevalue("checkov_python")
        path = f"{python.parent}:{path}"
    scripts = tmp_path / "bin"
    scripts.mkdir()
    (scripts / "policyscan").write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m policyscan "$@"\n'
    )
    (scripts / "policyscan").chmod(0o755)
    for name in ("infra", "fixtures", "rules"):
        (tmp_path / name).symlink_to(ROOT / name)
    lay_out(command, tmp_path, request)
    env = {**os.environ, "PATH": f"{scripts}:{path}", **HERE}
    if command.startswith("policyscan serve --run-task"):
        (tmp_path / "hmac.key").write_text("a key")
        assert serves(shlex.split(command), tmp_path, env)
        return
    done = subprocess.run(  # noqa: S602 - the line is ours, and pipes are part of it
        command,
        shell=True,
        cwd=tmp_path,
        env=env,
        capture_output=True,
        check=False,
    )
    told = done.stderr.decode()
    is_of_offline = "stand-in" in told or "in simulation" in told
    assert done.returncode == 0, told
    assert told == "" or is_of_offline


def lay_out(command: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Put into a folder what a command reads there."""
    if command.startswith("policyscan hook") or "--since" in command:
        # Root modules are looked for below the working directory, and not behind links.
        (tmp_path / "infra").unlink()
        shutil.copytree(ROOT / "infra", tmp_path / "infra")
        as_of_origin_main(tmp_path)
    if re.search(r"\btfplan\b", command):
        saved = request.getfixturevalue("saved_plans")("reference")
        (tmp_path / "tfplan").symlink_to(saved.path)
    if command.startswith(("policyscan fleet query", "policyscan fleet report")):
        judged_twice(tmp_path / "verdicts.parquet")
    if command == "policyscan plan.json":
        (tmp_path / "plan.json").symlink_to(ROOT / "fixtures" / "reference" / "plan.json")


def judged_twice(out: Path) -> None:
    """Write what a fleet of three plans leaves behind after two runs."""
    plans = [plan("team/a"), plan("team/b"), plan("c", outcome="failed", reason="no JSON")]
    found = [verdict("team/a", "PS101", "aws_ecs_service.web")]
    write(out, "20261128T060000Z", plans, found)
    found = [verdict("team/b", "PS102", "aws_ecs_service.web"), *found]
    write(out, "20261129T060000Z", plans, found, at=MORNING + timedelta(days=1))


def as_of_origin_main(folder: Path) -> None:
    """Make a folder a clone whose main branch is as it is there."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for command in (
        ("init", "-q", "-b", "main"),
        ("add", "infra"),
        (*who, "commit", "-q", "-m", "infra"),
        ("update-ref", "refs/remotes/origin/main", "HEAD"),
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)  # noqa: S607 - the one there


def serves(command: list[str], folder: Path, env: dict[str, str]) -> bool:
    """Whether a command listens, at a free port, and ends well when it is told to."""
    with subprocess.Popen(
        [*command, "--port", "0"], cwd=folder, env=env, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.terminate()
        return " listening " in first and process.wait() == 0


def test_there_are_commands_to_run() -> None:
    assert len(runnable()) >= 10


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_rule_pages_and_examples_are_those_of_the_rules() -> None:
    folder = ROOT / "docs" / "rules"
    examples = made_examples(folder)
    written = {path.name: path.read_text() for path in folder.glob("*.md")}
    assert written == made_pages(examples), "run `make docs`"
    assert (built_in_pack() / EXAMPLES).read_text() == written_examples(examples), "run `make docs`"


def test_every_rule_page_has_its_four_headings() -> None:
    wanted = ["## Why", "## Fix", "## When unknown", "## Source"]
    for each in (GATE, *load_pack(built_in_pack())):
        assert [line for line in each.page.splitlines() if line in wanted] == wanted, each.rule.id


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 60
