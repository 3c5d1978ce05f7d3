"""`python -m policyscan.planner.fixtures`."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from policyscan.errors import ConfigError
from policyscan.planner import Inputs
from policyscan.planner.fixtures import Fixture, find_fixtures, main, read_fixture

if TYPE_CHECKING:
    from pathlib import Path

    from tests.planner.conftest import Configuration


def described(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fixture.yaml").write_text(text)
    return folder


def test_a_description_is_read(tmp_path: Path) -> None:
    folder = described(
        tmp_path / "one",
        "configuration: ../infra\n"
        "variables: {name: dev, size: 2, open: true, day: 2020-01-02, names: [a], empty: ''}\n"
        "after:\n  - variables: {name: dev}\n  - {}\n  - configuration: before\n"
        "destroy: true\n"
        "graph: true\n",
    )
    assert read_fixture(folder) == Fixture(
        folder=folder,
        configuration=folder / "../infra",
        inputs=Inputs(
            {
                "name": "dev",
                "size": "2",
                "open": "true",
                "day": "2020-01-02",
                "names": '["a"]',
                "empty": "",
            }
        ),
        after=(
            Inputs({"name": "dev"}),
            Inputs({}),
            Inputs({}, configuration=folder / "before"),
        ),
        destroy=True,
        graph=True,
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "variable: {}",
            "unknown key 'variable'; known: after, configuration, destroy, graph, variables",
        ),
        ("after: [{destroy: true}]", "unknown key 'destroy'; known: configuration, variables"),
        ("after: {variables: {}}", "`after` is a list of steps"),
        ("destroy: 'yes'", "`destroy` true or false"),
        ("variables: {on: 1}", "quote on and off"),
        ("variables: [a]", "`variables` is a mapping"),
        ("- a", "a mapping with the keys"),
        ("a: [", "not YAML"),
    ],
)
def test_a_wrong_description_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    folder = described(tmp_path / "one", text)
    with pytest.raises(ConfigError) as caught:
        read_fixture(folder)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith(str(folder / "fixture.yaml"))


def test_fixtures_are_those_described_and_those_of_rules(tmp_path: Path) -> None:
    described(tmp_path / "one", "")
    for name in ("rules/PS101/pass", "rules/PS101/pass/modules/a", "two"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "main.tf").write_text("")
    assert find_fixtures(tmp_path) == (tmp_path / "one", tmp_path / "rules/PS101/pass")


def test_plans_are_written_when_they_differ_and_checked_without_writing(
    configuration: Configuration, capsys: pytest.CaptureFixture[str]
) -> None:
    configuration.write('resource "aws_sqs_queue" "a" {}')
    folder, plan = str(configuration.folder), configuration.folder / "plan.json"
    assert main(["--check", folder]) == 1
    assert not plan.exists()
    assert main([folder]) == 0
    written = plan.read_bytes()
    assert main([folder]) == 0
    assert main(["--check", folder]) == 0
    plan.write_bytes(written + b" ")
    assert main(["--check", folder]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"differs   {folder}",
        f"written   {folder}",
        f"unchanged {folder}",
        f"unchanged {folder}",
        f"differs   {folder}",
    ]


def test_a_fixture_that_cannot_be_planned_is_told_on_its_line(
    configuration: Configuration,
) -> None:
    configuration.write('variable "a" {}')
    run = subprocess.run(
        [sys.executable, "-m", "policyscan.planner.fixtures", str(configuration.folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert run.stdout.startswith(f"failed    {configuration.folder}: ")
    assert len(run.stdout.splitlines()) == 1
    assert run.stderr == ""
