"""What a plan touches: nothing but its private folder, the loopback interface and Terraform."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from policyscan.errors import PlannerError
from policyscan.plan import read_plan
from policyscan.planner import Inputs, Request, make_plan
from policyscan.planner.replay import replay
from tests.planner.conftest import Configuration

SHARED = """
terraform {
  backend "s3" {
    bucket = "state"
    key    = "state"
    region = "eu-west-1"
  }
}

provider "aws" {
  region = "eu-west-1"
}

provider "aws" {
  alias  = "west"
  region = "us-west-2"
}

resource "aws_sqs_queue" "here" {
  name = "here"
}

resource "aws_sqs_queue" "west" {
  provider = aws.west

  provisioner "local-exec" {
    command = "touch MARK"
  }
}
"""


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """A file that nothing makes but a program nobody should run."""
    return tmp_path / "mark"


@pytest.fixture
def bait(mark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that a configuration or its surroundings could have run, on PATH before others."""
    folder = tmp_path / "bait"
    folder.mkdir()
    for name in ("git", "hg", "ssh", "terraform-credentials-bait", "bait"):
        program = folder / name
        program.write_text(f"#!/bin/sh\ntouch {mark}\nexit 1\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not on PATH")
def test_a_plan_runs_terraform_alone_and_calls_nobody_else(
    configuration: Configuration, mark: Path, tmp_path: Path
) -> None:
    configuration.write(SHARED.replace("MARK", str(mark)))
    trace = tmp_path / "trace"
    watched = ("strace", "-f", "-qq", "-e", "trace=execve,connect,sendto,sendmsg", "-o", str(trace))
    policyscan = (sys.executable, "-m", "policyscan", "plan", str(configuration.folder))
    done = subprocess.run([*watched, *policyscan], check=False, capture_output=True)
    if b"PTRACE" in done.stderr or b"ptrace" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    told = trace.read_text()
    programs = re.findall(r'execve\("([^"]+)".*= 0$', told, re.MULTILINE)
    python = {sys.executable, str(Path(sys.executable).resolve())}
    assert {each for each in programs if each not in python} == {shutil.which("terraform")}
    assert re.findall(r'inet_addr\("(?!127\.0\.0\.1")[^)]*|AF_INET6[^}]*|AF_UNIX[^}]*', told) == []
    assert 'inet_addr("127.0.0.1")' in told


SURROUNDINGS = {
    "TF_CLI_ARGS": "-bait",
    "TF_CLI_ARGS_plan": "-destroy",
    "TF_DATA_DIR": "{place}/data",
    "TF_WORKSPACE": "bait",
    "TF_PLUGIN_CACHE_DIR": "{place}/plugins",
    "TF_LOG": "TRACE",
    "TF_LOG_PATH": "{place}/log",
    "TF_LOG_CORE": "TRACE",
    "TF_LOG_PROVIDER_AWS": "TRACE",
    "TF_INPUT": "1",
    "TF_VAR_region": "bait",
    "TF_STATE_PERSIST_INTERVAL": "bait",
    "TF_CLI_CONFIG_FILE": "{place}/terraform.rc",
    "TF_TOKEN_app_terraform_io": "bait",
    "AWS_PROFILE": "bait",
    "AWS_CONFIG_FILE": "{place}/aws",
    "HTTPS_PROXY": "http://{proxy}",
    "https_proxy": "http://{proxy}",
    "http_proxy": "http://{proxy}",
}
"""What reaches Terraform from where it is called, and must not."""


@pytest.fixture
def contacts() -> Iterator[tuple[str, list[bytes]]]:
    """The address of something that listens, and what it is told."""
    told: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                told.append(connection.recv(100))

    listening = threading.Thread(target=listen)
    listening.start()
    yield f"127.0.0.1:{server.getsockname()[1]}", told
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    listening.join()


@pytest.mark.usefixtures("bait")
def test_nothing_of_the_surroundings_reaches_terraform(
    configuration: Configuration,
    mark: Path,
    tmp_path: Path,
    contacts: tuple[str, list[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configuration.write(SHARED.replace("MARK", str(mark)))
    configuration.write(
        'variable "region" {\n  default = "own"\n}\noutput "r" { value = var.region }', "v.tf"
    )
    quiet = configuration.plan()
    place = tmp_path / "place"
    place.mkdir()
    (place / "terraform.rc").write_text(
        'credentials_helper "bait" {}\ndisable_checkpoint = false\n'
    )
    (place / "aws").write_text("[profile bait]\ncredential_process = bait\n")
    for name, value in SURROUNDINGS.items():
        monkeypatch.setenv(name, value.format(place=place, proxy=contacts[0]))
    assert configuration.plan().outcome == quiet.outcome
    assert quiet.output("r") == "own"
    assert sorted(each.name for each in place.iterdir()) == ["aws", "terraform.rc"]
    assert not mark.exists()
    assert contacts[1] == []


@pytest.mark.usefixtures("bait")
@pytest.mark.parametrize(
    "source",
    [
        "git::https://{host}/module.git",
        "git::ssh://git@{host}/module.git",
        "hg::http://{host}/module",
        "http://{host}/module.zip",
        "s3::http://{host}/bucket/module.zip",
        "{host}/some/module/aws",
        "github.com/hashicorp/example",
    ],
)
def test_no_module_is_fetched(
    configuration: Configuration, mark: Path, contacts: tuple[str, list[bytes]], source: str
) -> None:
    address, told = contacts
    configuration.write(f'module "far" {{\n  source = "{source.format(host=address)}"\n}}\n')
    with pytest.raises(PlannerError, match="far"):
        configuration.plan()
    assert (mark.exists(), told) == (False, [])


FAR = 'data "terraform_remote_state" "far" {{\n  backend = "{kind}"\n  config = {config}\n}}\n'


def far_states(address: str) -> dict[str, str]:
    """A file's name -> its content: states that lie elsewhere."""
    in_json = {"backend": "http", "config": {"address": f"http://{address}/state"}}
    postgres = f'{{ conn_str = "postgres://u:p@{address}/db?sslmode=disable" }}'
    return {
        "http.tf": FAR.format(kind="http", config=f'{{ address = "http://{address}/state" }}'),
        "pg.tf": FAR.format(kind="pg", config=postgres),
        "bare.tf": FAR.format(kind="pg", config=postgres).replace('"far"', "far"),
        "far.tf.json": json.dumps({"data": {"terraform_remote_state": {"far": in_json}}}),
    }


@pytest.mark.parametrize("file", ["http.tf", "bare.tf", "far.tf.json"])
def test_no_state_is_fetched_by_a_replay(
    configuration: Configuration, contacts: tuple[str, list[bytes]], file: str
) -> None:
    address, told = contacts
    configuration.write('resource "aws_kms_key" "main" {\n}\n')
    plan = read_plan(configuration.plan().outcome.plan_json, "the plan")
    configuration.write(far_states(address)[file], file)
    with pytest.raises(PlannerError, match="Unable to find remote state"):
        replay(plan, configuration.folder, seconds=60)
    assert told == []


@pytest.mark.parametrize("file", far_states(""))
def test_no_state_is_fetched(
    configuration: Configuration, contacts: tuple[str, list[bytes]], file: str
) -> None:
    address, told = contacts
    configuration.write(far_states(address)[file], file)
    with pytest.raises(PlannerError):
        configuration.plan()
    assert told == []


def test_no_external_program_is_asked(configuration: Configuration, mark: Path) -> None:
    configuration.write(f'data "external" "it" {{\n  program = ["touch", "{mark}"]\n}}\n')
    with suppress(PlannerError):
        configuration.plan()
    assert not mark.exists()


def test_the_user_s_folder_is_only_read(configuration: Configuration) -> None:
    configuration.write('module "inner" {\n  source = "./inner"\n}\n')
    configuration.write('resource "aws_kms_key" "main" {\n}\n', "inner/main.tf")
    folder = configuration.folder
    inside = sorted((folder, *folder.rglob("*")))
    for each in inside:
        each.chmod(0o555 if each.is_dir() else 0o444)
    before = [_told(each) for each in inside]
    flags = ("--no-checkov", "--replay", "always", "--select", "PS101")
    for arguments in (("plan", folder), ("scan", folder, *flags)):
        done = subprocess.run(
            [sys.executable, "-m", "policyscan", *map(str, arguments)],
            check=False,
            capture_output=True,
        )
        assert done.returncode != 2, done.stderr
    assert [_told(each) for each in sorted((folder, *folder.rglob("*")))] == before
    for each in inside:
        each.chmod(0o755)


def _told(path: Path) -> tuple[object, ...]:
    status = path.lstat()
    return path, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ino


def test_runs_at_once_do_not_meet(configuration: Configuration) -> None:
    configuration.write(SHARED)
    request = Request(after=(Inputs(),))
    with ThreadPoolExecutor() as at_once:
        plans = [at_once.submit(make_plan, configuration.folder, request) for _ in range(3)]
        first, *others = [each.result() for each in plans]
    assert [each == first for each in others] == [True, True]
