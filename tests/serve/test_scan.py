"""A scan in a process of its own: what becomes of one harms no other."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from policyscan.errors import RunTaskError
from policyscan.serve.options import MIB, ServeOptions
from policyscan.serve.scan import scanned
from tests.serve.hcp import PATIENCE, wait_for
from tests.serve.served import CLEAN, ROOT

READ = "import sys; content = sys.stdin.buffer.read(); "


def options(program: str, **limits: float) -> ServeOptions:
    more = {"scan_seconds": PATIENCE, **limits}
    return ServeOptions(scan=(sys.executable, "-c", program), key=b"key", **more)  # type: ignore[arg-type]


def scan(program: str, plan: bytes = b"{}", **limits: float) -> dict[str, object]:
    return asyncio.run(scanned(plan, options(program, **limits)))


def test_a_report_is_what_it_prints() -> None:
    program = READ + "print('{\"size\": %d}' % len(content))"
    assert scan(program, b" " * 10_000_000) == {"size": 10_000_000}


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import os; os.kill(os.getpid(), 11)", "the scan was ended by signal 11"),
        ("raise SystemExit(5)", "exit 5"),
        ("print('no JSON')", "exit 0"),
        ("print('[1]')", "exit 0"),
        (
            "import sys; sys.exit('policyscan: standard input: a state, not a plan')",
            "a state, not a plan",
        ),
        (READ + "content * 900", "it needs more memory than a scan may have; see --memory"),
    ],
)
def test_a_scan_without_a_report_says_why(program: str, why: str) -> None:
    with pytest.raises(RunTaskError) as refused:
        scan(program, b" " * MIB, memory=512 * MIB)
    assert str(refused.value) == why


@pytest.mark.parametrize("ending", ["time.sleep(3600)", "print('{}')"])
def test_a_scan_ends_with_its_helpers_even_if_it_takes_too_long(
    tmp_path: Path, ending: str
) -> None:
    program = (
        "import subprocess, sys, time\n"
        "null = {name: subprocess.DEVNULL for name in ('stdin', 'stdout', 'stderr')}\n"
        "asleep = [sys.executable, '-c', 'import time; time.sleep(3600)']\n"
        "helper = subprocess.Popen(asleep, **null)\n"
        f"open({str(tmp_path / 'helper')!r}, 'w').write(str(helper.pid))\n"
    )
    if ending.startswith("print"):
        assert scan(program + ending) == {}
    else:
        with pytest.raises(RunTaskError, match="it took longer than 3 s"):
            scan(program + ending, scan_seconds=3)
    helper = int((tmp_path / "helper").read_text())
    wait_for(lambda: not is_alive(helper), "the helper to end")


def is_alive(process: int) -> bool:
    """Whether it runs; one that has ended may stay until whoever inherits it looks."""
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().split()[2] != "Z"


def test_a_crash_harms_no_other() -> None:
    async def both() -> list[object]:
        good = options(READ + "print('{\"good\": true}')")
        bad = options("import os; os.kill(os.getpid(), 9)")
        ended: list[object] = await asyncio.gather(
            *(scanned(b"{}", each) for each in (good, bad, good)), return_exceptions=True
        )
        return ended

    first, second, third = asyncio.run(both())
    assert first == third == {"good": True}
    assert isinstance(second, RunTaskError)


def test_a_scan_does_not_see_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICYSCAN_RUN_TASK_HMAC_KEY", "secret")
    monkeypatch.setenv("POLICYSCAN_FAIL_ON", "low")
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    seen = scan(program)
    assert "POLICYSCAN_RUN_TASK_HMAC_KEY" not in seen
    assert seen["POLICYSCAN_FAIL_ON"] == "low"


def test_real_scans_keep_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    command = (sys.executable, "-P", "-m", "policyscan", "scan", "-", "-f", "json", "--no-source")
    within = ServeOptions(scan=(*command, "--no-checkov"), key=b"key", memory=1024 * MIB)
    report = asyncio.run(scanned(CLEAN.read_bytes(), within))
    assert report["summary"]["exit_code"] == 0
