"""`[tool.policyscan]` in pyproject.toml, and which of several places says what counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import run
from tests.cli.test_scan import BROKEN, REFERENCE

PLACES = ("pyproject.toml", ".policyscan.yaml", "--config", "POLICYSCAN_SET", "--set")


def origin(folder: Path, *flags: str, **env: Any) -> tuple[object, object]:
    """What PS303.max is set to there, and who says so."""
    done = run("rules", "-f", "json", "--select", "PS303", *flags, cwd=folder, **env)
    assert done.stderr == b"", done.stderr.decode()
    rule = json.loads(done.stdout)["rules"][-1]
    (most,) = (each for each in rule["parameters"] if each["name"] == "max")
    return most["value"], most["origin"]["name"]


@pytest.mark.parametrize("count", range(1, len(PLACES) + 1))
def test_each_place_wins_over_those_before_it(tmp_path: Path, count: int) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.policyscan.parameters]\nPS303.max = 11\n")
    flags: list[str] = []
    variables: dict[str, str] = {}
    if count > 1:
        (tmp_path / ".policyscan.yaml").write_text("parameters: {PS303: {max: 12}}")
    if count > 2:
        (tmp_path / "other.yaml").write_text("parameters: {PS303: {max: 13}}")
        flags += ["--config", "other.yaml"]
    if count > 3:
        variables["POLICYSCAN_SET"] = "PS303.max=14"
    if count > 4:
        flags += ["--set", "PS303.max=15"]
    name = {"--config": "other.yaml"}.get(PLACES[count - 1], PLACES[count - 1])
    assert origin(tmp_path, *flags, **variables) == (10 + count, name)


def test_config_may_name_a_toml_file_too(tmp_path: Path) -> None:
    (tmp_path / "team.toml").write_text("tool.policyscan.parameters.PS303.max = 7\n")
    (tmp_path / ".policyscan.yaml").write_text("parameters: {PS303: {max: 12}}")
    assert origin(tmp_path, "--config", "team.toml") == (7, "team.toml")


def test_paths_in_it_are_seen_from_it(tmp_path: Path) -> None:
    (tmp_path / "team.toml").write_text('[tool.policyscan]\nprofile = "./own.yaml"\n')
    (tmp_path / "own.yaml").write_text("extends: production\n")
    here = tmp_path / "here"
    here.mkdir()
    assert run(REFERENCE, "--config", "../team.toml", cwd=here).returncode == 1


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            """\
[project]
name = "x"

[tool.policyscan]
selct = ["NET"]

[tool.policyscan.parameters.PS303]
"maks" = 3
min = "two"
""",
            [
                "pyproject.toml:5: selct: no key is called so; did you mean 'select'?",
                "pyproject.toml:8: parameters.PS303.maks: no parameter of PS303 is called so",
                'pyproject.toml:9: parameters.PS303.min: "two" is not a whole number',
            ],
        ),
        (
            '[tool.policyscan]\ncheckov = {external_checks = ["x"]}\n',
            ["pyproject.toml:2: checkov.external_checks: no key is called so; did"],
        ),
        (
            '[tool.policyscan.parameters.PS303]\nmin = "two"\n[tool.policyscan]\nselct = 1\n',
            ["pyproject.toml:2: parameters.PS303.min: ", "pyproject.toml:4: selct: "],
        ),
        ("[tool.policyscan]\nselect = [\n", ["pyproject.toml: not TOML: Invalid value"]),
        ("[tool.policyscan]\nselect = 1\nselect = 2\n", ["pyproject.toml:3: not TOML: "]),
        ("[[tool.policyscan]]\n", ["pyproject.toml:1: "]),
        ("[tool.policyscan]\nfail_on = 2026-01-01\n", ["pyproject.toml:2: fail_on: "]),
    ],
)
def test_what_is_wrong_in_it_is_refused_with_its_line(
    tmp_path: Path, text: str, lines: list[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    done = run(REFERENCE, cwd=tmp_path)
    told = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout, len(told)) == (2, b"", len(lines))
    for line, start in zip(told, lines, strict=True):
        assert line.startswith(f"policyscan: {start}"), line


@pytest.mark.parametrize(
    "text", ['[project]\nname = "policyscan"\n', "[tool.ruff]\n", "policyscan", "not = = TOML"]
)
def test_a_project_file_without_the_table_sets_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    code = run(REFERENCE, cwd=tmp_path).returncode
    assert code == (2 if text == "policyscan" else 0)
    assert run(REFERENCE, "--config", "pyproject.toml", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".policyscan.yaml", "ignore: [PS101]\npacks: [evil]\n"),
        (
            "pyproject.toml",
            """\
[tool.policyscan]
ignore = ["PS101"]
packs = ["evil"]
checkov.external_checks_dir = ["evil"]
""",
        ),
    ],
)
def test_nothing_is_looked_up_above_the_working_directory(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "ran.py").write_text(
        "from pathlib import Path\n(Path(__file__).parent / 'proof').touch()\n"
    )
    below = tmp_path / "here" / "there"
    below.mkdir(parents=True)
    assert run(BROKEN, "--replay", "never", cwd=below).returncode == 1
    assert run("rules", cwd=below).returncode == 0
    assert not (tmp_path / "evil" / "proof").exists()
    assert run(BROKEN, "--replay", "never", cwd=tmp_path).returncode != 1
    assert (tmp_path / "evil" / "proof").exists()
