"""SIGTERM: no more is taken, and nothing that was taken is forgotten."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import httpx

from policyscan.serve.request import SIGNATURE
from tests.serve.hcp import PATIENCE, FakeHcp, dripped, given, wait_for
from tests.serve.served import BROKEN, CLEAN, Served, launched, payload, signature

Serve = Callable[..., Served]


def test_accepted_tasks_are_judged_before_it_ends(hcp: FakeHcp, serving: Serve) -> None:
    names = [f"late{number}" for number in range(12)]
    hcp.plans.update({name: given(BROKEN.read_bytes()) for name in names})
    service = serving("--workers", "2", "--grace", "100")
    for name in names:
        assert service.post(payload(hcp, name)).status_code == 200
    service.terminate()
    wait_for(lambda: service.logged("stopping"), "it to stop")
    assert service.ended() == 0
    assert [hcp.result(name).message for name in names] == ["FAIL: 2 critical, 91 not decided"] * 12
    assert len(hcp.callbacks) == 12


def test_while_it_stops_nothing_more_is_taken(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["first"] = dripped(b" ", 0.1)
    hcp.plans["second"] = given(CLEAN.read_bytes())
    service = serving("--fetch-timeout", "8", "--grace", "100")
    service.post(payload(hcp, "first"))
    service.terminate()
    wait_for(lambda: service.logged("stopping"), "it to stop")
    refused = service.post(payload(hcp, "second"))
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    again = service.post(payload(hcp, "first"))
    assert again.status_code == 200
    health = service.health()
    assert (health.status_code, health.json()) == (503, {"status": "stopping", "accepted": 1})
    assert service.ended() == 0
    assert [each.task for each in hcp.callbacks] == ["first"]


def test_what_the_grace_does_not_suffice_for_fails(hcp: FakeHcp, serving: Serve) -> None:
    names = [f"stuck{number}" for number in range(5)]
    hcp.plans.update({name: dripped(b" ", 0.1) for name in names})
    service = serving("--workers", "2", "--fetch-timeout", "1000", "--grace", "1")
    for name in names:
        service.post(payload(hcp, name))
    service.terminate()
    assert service.ended() == 0
    told = [hcp.result(name) for name in names]
    assert {(each.status, each.message) for each in told} == {
        (
            "failed",
            "could not be evaluated: the service was stopped before it could judge the plan",
        )
    }


def test_a_second_signal_ends_the_grace(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["stuck"] = dripped(b" ", 0.1)
    service = serving("--fetch-timeout", "3000", "--grace", "3000")
    service.post(payload(hcp, "stuck"))
    service.terminate()
    wait_for(lambda: service.logged("stopping"), "it to stop")
    service.terminate()
    assert service.ended() == 0
    assert hcp.result("stuck").status == "failed"


def test_a_result_that_cannot_be_told_in_time_is_logged(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["deaf"] = given(CLEAN.read_bytes())
    hcp.mishaps["deaf"] = [500] * 10_000
    service = serving("--grace", "1", "--callback-timeout", "3000")
    service.post(payload(hcp, "deaf"))
    wait_for(lambda: hcp.callbacks, "the first try")
    service.terminate()
    assert service.ended() == 0
    [line] = service.logged("lost", "deaf")
    assert "run=run-deaf " in line


def test_it_serves_and_stops_when_nobody_reads_its_log(hcp: FakeHcp, tmp_path: Path) -> None:
    hcp.plans["unread"] = given(CLEAN.read_bytes())
    reader, writer = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/run-task"
    process = launched(tmp_path, "--port", str(port), "--allow-http-loopback", stderr=writer)
    os.close(writer)
    assert b"listening" in os.read(reader, 1000)
    os.close(reader)
    asked = json.dumps(payload(hcp, "unread")).encode()
    answer = httpx.post(
        url, content=asked, headers={SIGNATURE: signature(asked)}, timeout=PATIENCE, trust_env=False
    )
    assert answer.status_code == 200
    assert hcp.result("unread").status == "passed"
    process.terminate()
    assert process.wait(PATIENCE) == 0
