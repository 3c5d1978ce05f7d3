"""`policyscan new-rule`: what it writes is a start, and what was there stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from policyscan.engine import load_pack
from policyscan.errors import ConfigError
from policyscan.workbench.scaffold import Draft, scaffold
from tests.cli.commands import ROOT, run

NAME = "bucket-without-lifecycle"


def written(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".pyc"
    }


def test_a_new_rule_has_a_file_and_a_fixture_for_each_verdict(tmp_path: Path) -> None:
    done = run(
        *("new-rule", NAME, "--id", "ACME", "--type", "aws_sqs_queue", "--severity", "low"),
        *("--group", "QUEUE"),
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    files = list(written(tmp_path))
    assert files == [
        *(
            f"fixtures/rules/ACME001/{case}/{name}"
            for case in ("fail", "pass", "unknown")
            for name in ("expected.json", "main.tf")
        ),
        "rules/queue/bucket_without_lifecycle.py",
    ]
    lines = done.stdout.decode().splitlines()
    assert lines[0] == f"ACME001 {NAME}"
    assert sorted(line.strip() for line in lines[1:-1]) == files
    [rule] = load_pack(tmp_path / "rules")
    assert (rule.rule.id, rule.rule.group, rule.rule.severity) == ("ACME001", "QUEUE", "low")
    assert rule.rule.types == ("aws_sqs_queue",)


def test_right_after_the_test_says_what_is_still_to_write(tmp_path: Path) -> None:
    run("new-rule", NAME, cwd=tmp_path)
    done = run("test", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, b"")
    lines = done.stdout.decode().splitlines()
    asked = [line for line in lines if "TO WRITE: " in line]
    texts = [text.decode() for text in written(tmp_path).values()]
    assert len(asked) == sum(text.count("TO WRITE") for text in texts)
    assert lines[1].startswith("  main.tf:1: TO WRITE: aws_s3_bucket as OWN001 must not let it")
    assert lines[-1].startswith("FAIL: 1 rule of rules, 0 of 3 fixtures")


def test_a_new_rule_is_formatted_and_typed(tmp_path: Path) -> None:
    scaffold(Draft(NAME), tmp_path / "rules")
    [file] = (tmp_path / "rules").rglob("*.py")
    config = str(ROOT / "pyproject.toml")
    for command in (
        ("ruff", "format", "--check", "--config", config),
        # Packs are no packages; the project's own are told by their folder.
        ("ruff", "check", "--config", config, "--ignore", "INP001"),
        ("mypy", "--strict", "--cache-dir", str(tmp_path / "cache")),
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command, str(file)], cwd=ROOT, check=False, capture_output=True
        )
        assert done.returncode == 0, done.stdout.decode()


def test_ids_go_on_from_those_of_the_pack_and_of_the_prefix(tmp_path: Path) -> None:
    pack = tmp_path / "rules"
    ids = [
        scaffold(Draft(f"bad-{number}", id=wanted), pack)[0]
        for number, wanted in enumerate(("ACME", "", "ACME007", "ACME", "TEAM001", ""))
    ]
    assert ids == ["ACME001", "ACME002", "ACME007", "ACME008", "TEAM001", "TEAM002"]


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (Draft("Bad"), "'Bad' will not do: give a name that says what is wrong"),
        (Draft("bad", type="bucket"), "'bucket' will not do: give --type like aws_s3_bucket"),
        (Draft("bad", group="net"), "'net' will not do: give --group like NET"),
        (Draft("bad", id="acme"), "--id acme: an id is capitals and three digits"),
        (Draft("bad", id="ACME1"), "an id is capitals and three digits, such as ACME002"),
        (Draft("bad", id="ACME001"), r"ACME001: taken by .*first.py; ACME002 is free"),
        (Draft("bad", id="PS900"), "PS is policyscan's own"),
        (Draft("first"), r"first is already the name of .*first.py"),
        (Draft("image-not-pushed"), "image-not-pushed is already the name of "),
    ],
)
def test_what_is_taken_or_written_wrongly_is_refused_and_nothing_written(
    tmp_path: Path, draft: Draft, said: str
) -> None:
    scaffold(Draft("first", id="ACME"), tmp_path / "rules")
    before = written(tmp_path)
    with pytest.raises(ConfigError, match=said):
        scaffold(draft, tmp_path / "rules")
    assert written(tmp_path) == before


def test_nothing_that_exists_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "rules" / "own" / "bad.py"
    file.parent.mkdir(parents=True)
    file.write_text("# mine\n")
    with pytest.raises(ConfigError, match="is there already, and nothing was written"):
        scaffold(Draft("bad"), tmp_path / "rules")
    assert written(tmp_path) == {"rules/own/bad.py": b"# mine\n"}


def test_an_id_whose_fixtures_are_there_is_taken(tmp_path: Path) -> None:
    kept = tmp_path / "fixtures" / "rules" / "ACME001" / "fail"
    kept.mkdir(parents=True)
    (kept / "main.tf").write_text("# mine\n")
    assert scaffold(Draft("bad", id="ACME"), tmp_path / "rules")[0] == "ACME002"
    assert (kept / "main.tf").read_text() == "# mine\n"
    with pytest.raises(ConfigError, match=r"taken by .*ACME001"):
        scaffold(Draft("worse", id="ACME001"), tmp_path / "rules")
