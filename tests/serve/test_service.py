"""What the service keeps in memory, and what starts it."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from policyscan.cli.group import policyscan
from policyscan.cli.planning import Planning
from policyscan.cli.serve import _scan
from policyscan.cli.settings import SettingFlags
from policyscan.errors import RunTaskError
from policyscan.serve.exchange import Exchange
from policyscan.serve.hosts import Hosts
from policyscan.serve.options import ServeOptions
from policyscan.serve.request import RunTask
from policyscan.serve.service import _REMEMBERED, Reply, Service
from tests.serve.hcp import FakeHcp, token_of

ROOT = Path(__file__).resolve().parents[2]


def task(hcp: FakeHcp, name: str) -> RunTask:
    return RunTask(
        id=name,
        run=f"run-{name}",
        stage="pre_plan",
        callback_url=f"{hcp.url}/results/{name}/callback",
        plan_url="",
        takes_outcomes=True,
        token=token_of(name),
    )


def options() -> ServeOptions:
    return ServeOptions(scan=("false",), key=b"key", hosts=Hosts(plain_loopback=True), queue=50_000)


def test_nothing_of_a_task_is_left_when_it_is_answered(hcp: FakeHcp) -> None:
    async def lived() -> list[type]:
        exchange = Exchange(options())
        service = Service(options(), exchange)
        for name in ("one", "two"):
            assert service.offer(task(hcp, name)) is Reply.ACCEPTED
        before = [each for each in gc.get_objects() if isinstance(each, RunTask)]
        assert len(before) == 2
        del before
        await service.stop()
        gc.collect()
        # The stand-in keeps what it was asked in this very process; it asks nobody.
        asking = (RunTask, httpx.Request, httpx.Response)
        left = [type(each) for each in gc.get_objects() if isinstance(each, asking)]
        await exchange.close()
        return left

    assert asyncio.run(lived()) == []
    assert {each.task for each in hcp.callbacks} == {"one", "two"}


def test_only_so_many_tasks_are_remembered(hcp: FakeHcp) -> None:
    async def lived() -> None:
        service = Service(options(), Exchange(options()))
        first = task(hcp, "first")
        service.offer(first)
        for number in range(_REMEMBERED - 1):
            service.offer(replace(first, id=f"t{number}"))
        assert service.offer(first) is Reply.SEEN
        service.offer(replace(first, id="one too many"))
        assert service.offer(first) is Reply.ACCEPTED
        for each in list(service._accepted):  # noqa: SLF001 - nobody is to be asked
            each.cancel()
        await asyncio.gather(*service._accepted, return_exceptions=True)  # noqa: SLF001

    asyncio.run(lived())
    assert hcp.callbacks == []


def test_a_token_is_not_shown_by_accident(hcp: FakeHcp) -> None:
    assert "s3cr3t" not in repr(task(hcp, "x"))
    assert "key" not in repr(options()).replace("key=", "")


@pytest.mark.parametrize(
    ("pattern", "url", "is_allowed"),
    [
        ("app.terraform.io", "https://app.terraform.io/api", True),
        ("app.terraform.io", "https://APP.Terraform.io:443/api", True),
        ("app.terraform.io", "https://app.terraform.io./api", False),
        ("app.terraform.io", "https://app.terraform.io:444/api", False),
        ("app.terraform.io", "https://xapp.terraform.io/api", False),
        ("*.example.com", "https://tfe.example.com/api", True),
        ("*.example.com", "https://example.com.evil.test/.example.com", False),
        ("*.example.com", "https://evil.test\\.example.com/", False),
        ("*", "https://evil.test%2f.example.com/", False),
        ("*", "https:///api", False),
        ("tfe.example.com:8443", "https://tfe.example.com:8443/api", True),
        ("tfe.example.com:8443", "https://tfe.example.com/api", False),
        ("app.terraform.io", "http://app.terraform.io/api", False),
    ],
)
def test_hosts_are_allowed_by_name_and_port(pattern: str, url: str, is_allowed: bool) -> None:  # noqa: FBT001 - a row of the table
    hosts = Hosts((pattern,))
    if is_allowed:
        assert hosts.checked(url, "it").scheme == "https"
    else:
        with pytest.raises(RunTaskError):
            hosts.checked(url, "it")


def test_every_setting_reaches_the_scan() -> None:
    flags = SettingFlags(
        profile="production",
        config="x.yaml",
        select=("PS1*",),
        ignore=("PS2*", "NET"),
        assignments=("PS303.max=20",),
        fail_on="low",
        changed_only=True,
        packs=("rules",),
        waivers="w.yaml",
    )
    given = {name: getattr(flags, name) for name in SettingFlags.__struct_fields__}
    del given["checkov"]
    assert all(given.values())
    checkov = {
        "checkov": False,
        "checkov_edges": "stock",
        "checkov_check": ("CKV_AWS_*",),
        "checkov_skip": ("CKV_AWS_1", "CKV_AWS_2"),
        "checkov_external_checks_dir": ("checks",),
        "checkov_timeout": 5.0,
    }
    command = list(_scan({**given, **checkov}))
    commands = policyscan.commands
    context = commands["scan"].make_context("scan", command[command.index("scan") + 1 :])
    assert {name: context.params[name] for name in (*given, *checkov)} == {**given, **checkov}
    assert (context.params["plans"], context.params["no_source"]) == (("-",), True)
    served = {parameter.name for parameter in commands["serve"].params}
    own = {"plans", "formats", "output", "exit_zero", "quiet", "no_color", "show_waived"}
    own |= {"baseline", "write_baseline", "verbose"}
    source = {"source_dir", "planfile", "no_source", "graph", "replay"}
    # No run task comes with a folder to plan.
    planning = set(Planning.__struct_fields__)
    scans = {parameter.name for parameter in commands["scan"].params}
    assert scans - own - source - planning <= served


@pytest.mark.parametrize("package", ["starlette", "uvicorn", "httpx"])
def test_without_the_extra_one_line_says_how_to_get_it(package: str) -> None:
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from policyscan.cli.commands import run\n"
        "raise SystemExit(run(['serve', '--run-task']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT), "POLICYSCAN_RUN_TASK_HMAC_KEY": "key"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == (
        f"policyscan: serve: the package {package} is not installed: "
        "pip install 'policyscan[serve]'\n"
    )
