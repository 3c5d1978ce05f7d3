"""What becomes of Terraform and of private folders, however a run ends, and who may call it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from policyscan.errors import PlannerError
from policyscan.planner.callers import HOST, Callers
from tests.planner.conftest import Configuration
from tests.planner.test_server import call, channel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

INFRA = Path(__file__).resolve().parents[2] / "infra"
PATIENCE = 60
_MARK = "POLICYSCAN_TESTED_IN"
SLOW = "#!/bin/sh\nsleep 600 &\nsleep 600\n"
"""A Terraform that takes its time, and starts something itself as it does providers."""


def _hearing() -> None:
    """Whoever runs tests in the background may have them hear no Ctrl-C, and hand that down."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@dataclass(frozen=True)
class Runs:
    """Runs of policyscan that have a temporary folder of their own, by which they are known."""

    temporary: Path

    @contextmanager
    def start(
        self, *arguments: str | Path, path: Path | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """One command line, with the programs in the folder `path` before all others."""
        folders = os.environ["PATH"] if path is None else f"{path}:{os.environ['PATH']}"
        with subprocess.Popen(
            [sys.executable, "-m", "policyscan", *map(str, arguments)],
            env={
                **os.environ,
                "TMPDIR": str(self.temporary),
                _MARK: str(self.temporary),
                "PATH": folders,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=_hearing,  # noqa: PLW1509 - it asks for no lock
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def processes(self) -> Iterator[tuple[int, list[str]]]:
        """Every process of these runs that has not ended, and its command line."""
        mark = f"{_MARK}={self.temporary}".encode()
        for each in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (each / "environ").read_bytes().split(b"\0"):
                    line = (each / "cmdline").read_bytes()
                    yield int(each.name), line.decode().rstrip("\0").split("\0")
            except OSError:
                continue

    def variable(self, name: str) -> str:
        """A variable that Terraform was given."""
        for process, _ in self.processes():
            lines = Path(f"/proc/{process}/environ").read_text().split("\0")
            for line in lines:
                if line.startswith(f"{name}="):
                    return line.partition("=")[2]
        raise AssertionError(name)

    def at_work(self, *words: str) -> Callable[[], bool]:
        """Whether a process runs whose command line holds all words."""
        return lambda: any(set(words) <= set(line) for _, line in self.processes())

    def are_over(self) -> bool:
        """Whether no process is left."""
        return not any(True for _ in self.processes())

    def folders(self) -> list[str]:
        """What lies in their temporary folder."""
        return sorted(each.name for each in self.temporary.iterdir())


@pytest.fixture
def runs(tmp_path: Path, terraform: None) -> Runs:  # noqa: ARG001 - skips
    folder = tmp_path / "temporary"
    folder.mkdir()
    return Runs(folder)


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """The folder of a Terraform that takes its time."""
    program = tmp_path / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(SLOW)
    program.chmod(0o755)
    return program.parent


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("scan", signal.SIGINT),
        ("scan", signal.SIGTERM),
        ("scan", signal.SIGHUP),
        ("plan", signal.SIGINT),
    ],
)
def test_a_signal_ends_everything_and_leaves_nothing(
    runs: Runs, slow: Path, command: str, number: signal.Signals
) -> None:
    with runs.start(command, INFRA, path=slow) as process:
        until(runs.at_work("sleep"))
        process.send_signal(number)
        _, complaint = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaint.decode()) == (128 + number, "policyscan: interrupted\n")
    until(runs.are_over)
    assert runs.folders() == []


@pytest.mark.parametrize("stage", ["-out=policyscan.tfplan", "-out=second.tfplan"])
def test_a_signal_ends_real_terraform(runs: Runs, stage: str) -> None:
    with runs.start(INFRA, "--no-checkov") as process:
        until(runs.at_work(stage))
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 143
    until(runs.are_over)
    assert runs.folders() == []


def test_who_is_killed_leaves_no_process_and_its_folder_to_the_next(runs: Runs, slow: Path) -> None:
    with runs.start("plan", INFRA, path=slow) as process:
        until(runs.at_work("sleep"))
        [left] = runs.folders()
        process.kill()
    until(runs.are_over)
    assert runs.folders() == [left]
    with (
        runs.start("plan", INFRA, path=slow) as other,
        runs.start("plan", INFRA, path=slow) as last,
    ):
        until(lambda: len(runs.folders()) == 2 and left not in runs.folders())
        for each in (other, last):
            each.terminate()
            each.communicate(timeout=PATIENCE)
    until(runs.are_over)
    assert runs.folders() == []


@pytest.mark.usefixtures("checkov_home")
def test_checkov_ends_with_whoever_asked_it(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "__init__.py").touch()
    begun = tmp_path / "begun"
    (tmp_path / "checks" / "slow.py").write_text(
        f"import time\nopen({str(begun)!r}, 'w').close()\ntime.sleep(600)\n"
    )
    plan = INFRA.parent / "fixtures" / "reference" / "plan.json"
    arguments = (plan, "--checkov-external-checks-dir", tmp_path / "checks")
    with runs.start(*arguments) as process:
        until(begun.exists)
        process.kill()
    until(runs.are_over)


def test_planning_has_a_time_limit(
    configuration: Configuration, slow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration.write("")
    monkeypatch.setenv("PATH", str(slow), prepend=os.pathsep)
    monkeypatch.setattr("policyscan.planner.offline.PATIENCE_SECONDS", 0.5)
    with pytest.raises(PlannerError, match=r"^\S+: terraform init took too long$"):
        configuration.plan()


# -- the port -------------------------------------------------------------------------------------


def test_a_process_that_is_not_terraform_is_refused(runs: Runs, slow: Path) -> None:
    with runs.start("plan", INFRA, path=slow) as process:
        until(runs.at_work("sleep"))
        reattach = json.loads(runs.variable("TF_REATTACH_PROVIDERS"))
        with channel(reattach) as connected, pytest.raises(grpc.RpcError) as caught:
            call(connected, "GetProviderSchema")
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert caught.value.details() == "this port is for one Terraform alone"


def test_whoever_terraform_starts_is_answered(runs: Runs, tmp_path: Path) -> None:
    asking = tmp_path / "asking.py"
    asking.write_text(
        "import json, os, sys\n"
        f"sys.path[:0] = {[str(Path.cwd()), *sys.path]!r}\n"
        "from tests.planner.test_server import call, channel\n"
        "with channel(json.loads(os.environ['TF_REATTACH_PROVIDERS'])) as connected:\n"
        "    print(len(call(connected, 'GetProviderSchema').resource_schemas), file=sys.stderr)\n"
        "sys.exit(1)\n"
    )
    program = tmp_path / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{sys.executable} {asking}\nexit 1\n")
    program.chmod(0o755)
    with runs.start("plan", INFRA, path=program.parent) as process:
        _, complaint = process.communicate(timeout=PATIENCE)
    assert re.search(rb"terraform init failed: [1-9]\d+\n$", complaint)


@pytest.fixture
def connection() -> Iterator[tuple[int, int]]:
    """The ports of two sockets of this process: the one that listens, and the one that called."""
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((HOST, port)) as client:
            yield port, client.getsockname()[1]


def test_connections_are_known_by_their_process_group(connection: tuple[int, int]) -> None:
    port, caller = connection
    own, other = Callers(os.getpgrp(), port), Callers(os.getpgrp() + 1, port)
    peer = f"ipv4:{HOST}:{caller}"
    assert (own.include(peer), other.include(peer)) == (True, False)
    assert own.include(peer)


@pytest.mark.parametrize("peer", ["ipv4:127.0.0.2:{caller}", "ipv6:%5B::1%5D:{caller}", "unix:"])
def test_no_other_address_is_taken_for_theirs(connection: tuple[int, int], peer: str) -> None:
    port, caller = connection
    assert not Callers(os.getpgrp(), port).include(peer.format(caller=caller))


def test_a_connection_nobody_knows_of_is_refused(connection: tuple[int, int]) -> None:
    port, _ = connection
    assert not Callers(os.getpgrp(), port).include(f"ipv4:{HOST}:1")


def test_where_the_system_does_not_tell_everybody_is_answered(
    connection: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, caller = connection
    monkeypatch.setattr("policyscan.planner.callers._PROC", tmp_path)
    assert Callers(os.getpgrp() + 1, port).include(f"ipv4:{HOST}:{caller}")
