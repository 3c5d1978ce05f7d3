"""Plans made to break the reader: one line, exit 2, nothing written, bounded time and memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from policyscan.cli.commands import run
from tests.plans import block, change, constant, document

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "fixtures" / "reference" / "plan.json"
HOSTILE = sorted((ROOT / "fixtures" / "hostile").glob("*.json"))
BUCKET = document([change("aws_s3_bucket.b", after={"bucket": "b", "force_destroy": True})])
TEXT = json.dumps(BUCKET)
HUGE = "x" * 50_000_000
SECONDS = 60
CHECKOV = "POLICYSCAN_CHECKOV_HOME"
MEMORY = 2 * 2**30


def refusal(folder: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line about a plan that is refused, after which nothing is written anywhere."""
    path = folder / "plan.json"
    path.write_bytes(content)
    report = folder / "report.json"
    assert run([str(path), "-f", "json", "-o", str(report)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    [line] = printed.err.splitlines()
    assert line.isprintable()
    assert sorted(folder.iterdir()) == [path]
    assert path.read_bytes() == content
    return line.removeprefix(f"policyscan: {path}: ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            TEXT.replace('"actions"', '"actions": [], "actions"').encode(),
            "resource_changes[0].chan",
        ),
        (TEXT.replace('"b"', "[" * 5000 + "]" * 5000).encode(), "JSON nested too deeply"),
        (TEXT.replace('"b"', '{"a":' * 5000 + "1" + "}" * 5000).encode(), "JSON nested too deeply"),
        (TEXT.replace('"b"', "NaN").encode(), "not valid JSON: it holds NaN"),
        (TEXT.replace('"b"', "-Infinity").encode(), "not valid JSON: it holds NaN"),
        (TEXT.replace('"b"', "9" * 10_000).encode(), "a number too long for a plan"),
        (TEXT.replace('"b"', "1e9999").encode(), "a number too long for a plan"),
        (TEXT.replace('"b"', '"\\ud800"').encode(), "half a character (a lone surrogate)"),
        (TEXT.replace('"bucket"', '"\\udfff"').encode(), "half a character (a lone surrogate)"),
        (TEXT.replace('"b"', '"\xff"').encode("latin-1"), "not a text: byte"),
        (TEXT.replace('"b"', '"\x00"').encode(), "not valid JSON at byte"),
        (TEXT.encode() + b"\x00", "the JSON ends at byte"),
        (b"\xef\xbb\xbf" + TEXT.encode("utf-16"), "not a text: byte"),
        (TEXT.encode("utf-32"), "not JSON: no line starts a JSON object"),
        (
            json.dumps(document([], None)).replace("[]", "[null]").encode(),
            "resource_changes[0] is n",
        ),
    ],
)
def test_what_is_no_plan_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    assert refusal(tmp_path, content, capsys)[: len(said)] == said


def test_a_real_plan_cut_anywhere_is_refused_naming_the_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = REFERENCE.read_bytes()
    step = len(content) // 40
    for length in [*range(1, len(content), step), len(content) - 2]:
        assert refusal(tmp_path, content[:length], capsys).startswith(
            f"cut off: the file ends at byte {length} "
        )


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_small_plan_is_judged_with_and_without_a_mark(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(mark + TEXT.encode())
    report = tmp_path / "report.json"
    assert run([str(path), "-f", "json", "-o", str(report)]) in {0, 1}


def bounded(path: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Scan in a process that may take no more than its share of time and memory."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    return subprocess.run(
        [sys.executable, "-m", "policyscan", str(path), "--no-source", *flags],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        preexec_fn=limit,
        env={"PYTHONPATH": str(ROOT), CHECKOV: os.environ[CHECKOV]},
    )


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_a_case_found_once_costs_bounded_time_and_memory(path: Path) -> None:
    done = bounded(path)
    assert done.returncode in {0, 1, 2, 3}
    assert "internal error" not in done.stderr
    assert "crashed" not in done.stdout


def task(image: str) -> str:
    return json.dumps([{"name": "app", "image": image}])


@pytest.mark.parametrize(
    ("plan", "codes"),
    [
        (document([change("aws_s3_bucket.b", after={"bucket": HUGE})]), {1}),
        (
            document(
                [
                    change(
                        "aws_ecs_task_definition.t",
                        after={"family": "t", "container_definitions": task(HUGE)},
                    )
                ]
            ),
            {1},
        ),
        (
            document(
                [change("aws_s3_bucket.b", after={"bucket": HUGE}, sensitive={"bucket": True})],
                {"variables": {"v": {"sensitive": True}}},
                variables={"v": {"value": HUGE}},
            ),
            {1},
        ),
        (BUCKET | {"comment": HUGE}, {0, 1}),
        (
            document(
                [change("aws_s3_bucket.b")], {"outputs": {"o": {"expression": constant(HUGE)}}}
            ),
            {1},
        ),
        (BUCKET | {"resource_changes": [change("aws_s3_bucket.b") | {"address": HUGE}]}, {2}),
        (BUCKET | {HUGE: {HUGE: 1}}, {0, 1}),
    ],
    ids=["name", "image", "secret", "comment", "constant", "address", "key"],
)
def test_a_text_of_fifty_megabytes_costs_bounded_time_and_memory_and_is_not_printed(
    tmp_path: Path, plan: dict[str, object], codes: set[int]
) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    done = bounded(path)
    assert done.returncode in codes
    assert len(done.stdout) + len(done.stderr) < 200_000
    assert "internal error" not in done.stderr


def test_ten_thousand_keys_given_twice_are_refused_in_time(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    twice = ",".join(f'"k{number}":{{"a":1,"a":2}}' for number in range(10_000))
    path.write_text(f"{TEXT[:-1]},{twice}}}")
    done = bounded(path)
    assert done.returncode == 2
    assert "k0.a is given twice" in done.stderr


@pytest.mark.parametrize("depth", [70, 85])
def test_modules_as_deep_as_the_limit_allows_are_judged(tmp_path: Path, depth: int) -> None:
    module: dict[str, object] = {"resources": [block("aws_s3_bucket.b", {"bucket": constant("b")})]}
    for _ in range(depth):
        module = {"module_calls": {"m": {"module": module}}}
    address = ".".join(["module.m"] * depth + ["aws_s3_bucket.b"])
    path = tmp_path / "plan.json"
    # Three levels of JSON for each module, and few of its own: 256 are allowed.
    path.write_text(json.dumps(document([change(address, after={"bucket": "b"})], module)))
    assert run([str(path), "--no-source", "-o", str(tmp_path / "report.txt")]) == 1 + (depth > 82)
