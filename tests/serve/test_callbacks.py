"""Results that nobody takes at once, or at all; and signs of life."""

from __future__ import annotations

from collections.abc import Callable

from tests.serve.hcp import FakeHcp, dripped, given, wait_for
from tests.serve.served import CLEAN, Served, payload

Serve = Callable[..., Served]


def test_a_result_is_told_again_until_it_is_taken(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["stubborn"] = given(CLEAN.read_bytes())
    hcp.mishaps["stubborn"] = [500, 429, 503]
    hcp.retry_after = "1"
    serving().post(payload(hcp, "stubborn"))
    assert hcp.result("stubborn").status == "passed"
    assert [each.code for each in hcp.callbacks] == [500, 429, 503, 200]


def test_a_slow_callback_holds_up_nobody_else(hcp: FakeHcp, serving: Serve) -> None:
    names = [f"slow{number}" for number in range(6)]
    hcp.plans.update({name: given(CLEAN.read_bytes()) for name in names})
    hcp.delay = 3600
    service = serving("--workers", "1", "--callback-timeout", "3600", "--grace", "0.1")
    for name in names:
        service.post(payload(hcp, name))
    # With one worker the last is judged only if those before let go of it.
    wait_for(lambda: service.logged("judging", names[-1]), "the last to be judged")
    assert hcp.callbacks == []


def test_a_result_that_nobody_takes_is_logged_as_lost(hcp: FakeHcp, serving: Serve) -> None:
    for name, codes in {"lost": [500] * 1000, "denied": [401], "moved": [307]}.items():
        hcp.plans[name] = given(CLEAN.read_bytes())
        hcp.mishaps[name] = codes
    service = serving("--callback-timeout", "2")
    for name in hcp.plans:
        service.post(payload(hcp, name))
    lost = {"lost": "HTTP 500; given up after 2 s", "denied": "HTTP 401", "moved": "HTTP 307"}
    wait_for(lambda: len(service.logged("lost")) == len(lost), "all to be logged")
    for name, why in lost.items():
        [line] = service.logged("lost", name)
        assert f"run=run-{name} " in line
        assert why in line
        assert "status=passed" in line
    assert sum(each.task == "denied" for each in hcp.callbacks) == 1
    assert service.health().json() == {"status": "ok", "accepted": 0}


def test_a_task_that_takes_long_gives_signs_of_life(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["long"] = dripped(b" ", 0.1)
    service = serving("--progress", "0.5", "--fetch-timeout", "4")
    service.post(payload(hcp, "long"))
    assert hcp.result("long").status == "failed"
    told = [each.status for each in hcp.callbacks]
    assert told[:2] == ["running", "running"]
    assert told[-1] == "failed"
    assert told.count("failed") == 1
