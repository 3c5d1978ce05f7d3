"""`policyscan rules` and `policyscan rule`."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from policyscan.engine import GATE, PackRule, built_in_pack, load_pack
from policyscan.report.rule_text import read_example
from tests.cli.commands import ROOT, run

PACK = load_pack(built_in_pack())
LISTED = (GATE, *PACK)


def listed(*flags: str) -> list[str]:
    done = run("rules", *flags)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().splitlines()


def test_every_rule_is_a_line_of_its_own_where_nobody_looks_at_it() -> None:
    lines = listed()
    rows = [line for line in lines if line.startswith("PS")]
    assert [row.split()[:4] for row in rows] == [
        [each.rule.id, str(each.rule.severity), each.rule.name, each.rule.group] for each in LISTED
    ]
    assert [
        row for row, each in zip(rows, LISTED, strict=True) if not row.endswith(each.rule.title)
    ] == []
    assert lines[-1] == f"{len(LISTED)} rules, profile reference; high fails a scan (default)"


def test_every_parameter_is_shown_with_where_its_value_is_from() -> None:
    lines = [line.strip() for line in listed("--profile", "production", "--set", "PS303.max=12")]
    assert "PS303.min=2 (default)" in lines
    assert "PS303.max=12 (--set)" in lines
    assert "PS401.days=365 (profile production)" in lines
    assert "severity=high (profile production; its own is medium)" in lines
    assert lines[-1].endswith("profile production; medium fails a scan (profile production)")


@pytest.mark.parametrize(
    ("flags", "ids"),
    [
        (("--select", "OBS"), ["PS401", "PS402"]),
        (("--select", "OBS", "--ignore", "log-retention-off"), ["PS402"]),
        (("--select", "PS70[14]"), ["PS701", "PS704"]),
        (
            ("--profile", "deploy-only", "--select", "PS7*"),
            ["PS701", "PS702", "PS703", "PS704", "PS705", "PS706", "PS707", "PS708"],
        ),
    ],
)
def test_what_is_listed_is_what_a_scan_with_these_flags_runs(
    flags: tuple[str, ...], ids: list[str]
) -> None:
    assert [line[:5] for line in listed(*flags) if line.startswith("PS")] == ["PS001", *ids]


def test_programs_get_every_rule_with_every_parameter() -> None:
    document = json.loads(run("rules", "-f", "json").stdout)
    assert set(document) == {"schema_version", "profile", "fail_on", "fail_on_origin", "rules"}
    assert [each["id"] for each in document["rules"]] == [each.rule.id for each in LISTED]
    for rule in document["rules"]:
        assert set(rule) == {
            *("id", "name", "group", "title", "types", "page", "parameters"),
            *("severity", "severity_default", "severity_origin"),
        }
        for parameter in rule["parameters"]:
            assert set(parameter) == {
                *("name", "description", "value", "default", "origin"),
                *("choices", "least", "most"),
            }
            assert parameter["value"] == parameter["default"]
            assert parameter["origin"] == {"level": "default", "name": None}


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_on_a_terminal_no_line_is_wider_than_it(columns: int) -> None:
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "policyscan", "rules", "--select", "PS80*"],
        cwd=ROOT,
        stdout=follower,
        stdin=follower,
        env={"PATH": os.environ["PATH"]},
    ):
        os.close(follower)
        written = b""
        try:
            while part := os.read(leader, 4096):
                written += part
        except OSError:
            pass  # Linux says so when the other side has gone.
    os.close(leader)
    lines = written.decode().splitlines()
    assert [line for line in lines if len(line) > columns] == []
    assert "Everything is in the agreed region" in " ".join(" ".join(lines).split())


@pytest.mark.parametrize("name", ["PS401", "log-retention-off"])
def test_a_rule_is_explained_by_id_and_by_name(name: str) -> None:
    done = run("rule", name)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == [
        *("## Why", "## Fix", "## Example", "## When unknown", "## Parameters"),
        *("## Beside Checkov", "## Source"),
    ]
    assert "PS401.days=7 (default): days every log group keeps" in text
    assert "`CKV_AWS_338` asks for the opposite where `PS401.days` is" in text
    assert "Severity: high (default)." in text


def test_a_rule_is_explained_as_it_is_set() -> None:
    text = run("rule", "PS603", "--profile", "production").stdout.decode()
    assert "Severity: high (profile production)." in text
    assert "PS603.pin=digest (profile production)" in text
    assert "does not run" not in text
    assert "It does not run" in run("rule", "PS603", "--profile", "deploy-only").stdout.decode()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("PS40", "did you mean 'PS40"),
        ("log-retention-of", "did you mean 'log-retention-off'?"),
        ("xyz", "`policyscan rules` lists them"),
    ],
)
def test_an_unknown_rule_is_refused_with_a_hint(name: str, said: str) -> None:
    done = run("rule", name)
    assert (done.returncode, done.stdout) == (2, b"")
    [line] = done.stderr.decode().splitlines()
    assert said in line


def test_an_explanation_goes_to_the_file_it_names(tmp_path: Path) -> None:
    for command in (("rule", "PS101"), ("rules",)):
        out = tmp_path / "out"
        assert run(*command, "-o", out).stdout == b""
        assert out.read_bytes() == run(*command).stdout


@pytest.mark.parametrize("each", PACK, ids=[each.rule.id for each in PACK])
def test_a_rule_has_a_failing_and_a_passing_example(each: PackRule) -> None:
    example = read_example(built_in_pack(), each.rule.id)
    assert example.failing
    assert example.passing


def test_the_check_of_the_plan_itself_is_explained_too() -> None:
    text = run("rule", "PS001").stdout.decode()
    assert text.startswith("PS001 plan-inconclusive\n")
    assert "Judges: the plan." in text
    assert "does not run" not in run("rule", "PS001", "--select", "OBS").stdout.decode()
