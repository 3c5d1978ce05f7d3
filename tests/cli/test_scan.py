"""The command as a user runs it."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from policyscan.cli import commands
from policyscan.report.formats import FORMATS
from tests.cli.commands import ROOT, run
from tests.plans import block, change, document, references

REFERENCE = ROOT / "fixtures" / "reference" / "plan.json"
BROKEN = ROOT / "fixtures" / "reference_broken" / "plan.json"


def written(folder: Path, **parts: Any) -> Path:
    path = folder / "plan.json"
    path.write_text(json.dumps(document([change("aws_s3_bucket.b")], **parts)))
    return path


def test_the_reference_plan_is_clean() -> None:
    done = run(REFERENCE)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines()[-1].startswith("PASS")


def test_the_broken_twin_fails_ps101_on_both_services_with_the_way_to_the_repository() -> None:
    done = run(BROKEN, "-f", "json")
    assert done.returncode == 1
    failed = {
        verdict["address"]: [step["address"] for step in verdict["path"]]
        for verdict in json.loads(done.stdout)["verdicts"]
        if verdict["rule"] == "PS101" and verdict["verdict"] == "fail"
    }
    assert failed == {
        f'module.service["{name}"].aws_ecs_service.this[0]': [
            f'module.service["{name}"].aws_ecs_service.this[0]',
            f'module.service["{name}"].aws_ecs_task_definition.this[0]',
            f'aws_ecr_repository.this["{name}"]',
        ]
        for name in ("fraud-detection", "transaction-processor")
    }


def test_scan_may_be_left_out_or_said() -> None:
    assert run(REFERENCE).stdout == run("scan", REFERENCE).stdout


def test_any_working_directory_will_do(tmp_path: Path) -> None:
    assert run(REFERENCE, cwd=tmp_path).returncode == 0


def test_the_same_plan_comes_from_a_file_stdin_gzip_and_utf_16(tmp_path: Path) -> None:
    content = REFERENCE.read_bytes()
    packed = tmp_path / "plan.json.gz"
    packed.write_bytes(gzip.compress(content))
    wide = tmp_path / "wide.json"
    wide.write_bytes(content.decode().encode("utf-16"))
    verdicts = [
        json.loads(done.stdout)["verdicts"]
        for done in (
            run(REFERENCE, "-f", "json"),
            run("-", "-f", "json", stdin=content),
            run(packed, "-f", "json"),
            run(wide, "-f", "json"),
        )
    ]
    assert verdicts[1:] == [verdicts[0]] * 3


def test_several_plans_make_an_array_in_argument_order_and_the_worst_exit_code(
    tmp_path: Path,
) -> None:
    other = written(tmp_path)
    done = run(BROKEN, other, "-f", "json")
    assert [each["plan"]["path"] for each in json.loads(done.stdout)] == [str(BROKEN), str(other)]
    assert done.returncode == 1


def test_two_runs_are_byte_identical() -> None:
    assert run(BROKEN, "-f", "json").stdout == run(BROKEN, "-f", "json").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.json"], "nowhere.json"),
        ([str(ROOT / "pyproject.toml")], "pyproject.toml"),
        ([str(REFERENCE), "--set", "PS303.maxx=3"], "did you mean 'max'?"),
        ([str(REFERENCE), "--set", "nonsense"], "RULE.PARAMETER=VALUE"),
        ([str(REFERENCE), "--source-dir", "nowhere"], "no such folder"),
        ([str(REFERENCE), "-f", "yaml"], "no format 'yaml'"),
        ([str(REFERENCE), "-f", "json", "-f", "text"], "one place"),
        ([str(REFERENCE), "--config", "nowhere.yaml"], "cannot be read"),
        ([str(REFERENCE), "-o", "no/such/folder/out"], "cannot be written"),
        ([str(REFERENCE), "--select", "PS9999"], "no rule or group"),
    ],
)
def test_a_refusal_is_one_line_and_exit_2(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == b""
    [line] = done.stderr.decode().splitlines()
    assert said in line


def test_the_config_beside_the_working_directory_is_used_and_flags_win(tmp_path: Path) -> None:
    (tmp_path / ".policyscan.yaml").write_text("parameters:\n  PS303:\n    max: 20\n")
    assert run(REFERENCE, cwd=tmp_path).returncode == 1
    assert run(REFERENCE, "--set", "PS303.max=10", cwd=tmp_path).returncode == 0


def test_an_unknown_config_key_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / ".policyscan.yaml").write_text("parametres: {}\n")
    done = run(REFERENCE, cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'parameters'?" in done.stderr.decode()


def test_exit_zero_hides_findings_and_nothing_else(tmp_path: Path) -> None:
    assert run(BROKEN, "--exit-zero").returncode == 0
    assert run(written(tmp_path, errored=True), "--exit-zero").returncode == 2


def test_a_report_goes_to_the_file_it_names(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = run(REFERENCE, "-f", "text", "-f", f"json={out}")
    assert json.loads(out.read_text())["schema_version"] == "1"
    assert b"PASS" in done.stdout


def sensitive_plan(folder: Path) -> Path:
    images = json.dumps([{"name": "app", "image": "https://hunter2.example/app"}])
    path = folder / "secret.json"
    path.write_text(
        json.dumps(
            document(
                [
                    change(
                        "aws_ecs_task_definition.t",
                        after={"container_definitions": images},
                        sensitive={"container_definitions": True},
                    )
                ],
                {
                    "resources": [
                        block(
                            "aws_ecs_task_definition.t",
                            {"container_definitions": references("var.x")},
                        )
                    ]
                },
            )
        )
    )
    return path


@pytest.mark.parametrize("form", FORMATS)
def test_a_sensitive_value_is_never_shown(tmp_path: Path, form: str) -> None:
    done = run(sensitive_plan(tmp_path), "-f", form)
    assert done.returncode == 1
    assert b"PS602" in done.stdout
    assert b"hunter2" not in done.stdout + done.stderr


def test_control_characters_of_a_plan_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(
        json.dumps(
            document(
                [change('aws_ecs_service.s["\x1b]0;owned\x07"]', index="\x1b]0;owned\x07")],
                {
                    "resources": [
                        block("aws_ecs_service.s", for_each_expression=references("var.x"))
                    ]
                },
            )
        )
    )
    done = run(path)
    assert b"\x1b" not in done.stdout
    assert b"\x07" not in done.stdout


def test_no_colour_is_written_where_there_is_no_terminal() -> None:
    assert b"\x1b[" not in run(BROKEN).stdout


def test_help_says_the_exit_codes_first() -> None:
    text = run("--help").stdout.decode()
    assert "0 clean" in " ".join(text.split())
    assert text.index("Exit codes") < text.index("Options")


def test_the_environment_may_set_a_flag() -> None:
    assert run(BROKEN, POLICYSCAN_EXIT_ZERO="1").returncode == 0
    assert run(REFERENCE, POLICYSCAN_SET="PS303.max=20").returncode == 1


def test_a_bug_of_ours_is_one_line_and_exit_2_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(name: str) -> bytes:
        raise ZeroDivisionError(name)

    monkeypatch.setattr("policyscan.cli.inputs.read_bytes", broken)
    assert commands.run(["plan.json"]) == 2
    [said] = capsys.readouterr().err.splitlines()
    start = "policyscan: internal error, please report it: ZeroDivisionError at test_scan.py, line "
    assert said.removeprefix(start).isdecimal()


def test_a_reader_that_leaves_early_gets_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "policyscan", str(BROKEN)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize(("flags", "coloured"), [([], True), (["--no-color"], False)])
def test_only_a_terminal_that_may_have_colour_gets_it(flags: list[str], coloured: bool) -> None:  # noqa: FBT001
    main, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "policyscan", str(BROKEN), "--quiet", *flags],
        stdout=terminal,
        env={"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
    ):
        os.close(terminal)
        seen = b""
        # Reading fails once the other side is closed and everything was read.
        with contextlib.suppress(OSError):
            while chunk := os.read(main, 4096):
                seen += chunk
    os.close(main)
    assert b"PS101" in seen
    assert (b"\x1b[1;31m" in seen) is coloured


def test_a_screen_without_the_character_still_gets_the_report() -> None:
    done = run(BROKEN, PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert b"\\u2502" in done.stdout
