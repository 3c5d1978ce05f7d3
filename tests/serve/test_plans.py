"""Plans that are no plans, are too much, come too slowly, or lead elsewhere."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tests.serve.hcp import (
    Answer,
    FakeHcp,
    coded,
    dripped,
    given,
    redirected,
    started,
    token_of,
    wait_for,
)
from tests.serve.served import BROKEN, CLEAN, Served, payload

Serve = Callable[..., Served]


def announced(size: int) -> Answer:
    """An answer that says how long it will be, and stops after a byte."""

    async def answer(_: Request) -> Response:
        return StreamingResponse(iter([b"{"]), headers={"Content-Length": str(size)})

    return answer


def test_hostile_plans_fail_and_harm_nobody(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans.update(
        {
            "text": given(b"<html>not JSON</html>"),
            "cut": given(CLEAN.read_bytes()[:1000]),
            "state": given(b'{"version": 4, "serial": 1, "lineage": "x", "resources": []}'),
            "none": given(b""),
            "huge": announced(2 * 2**30),
            "endless": dripped(b" " * 2**20, 0),
            "slow": dripped(b" ", 0.2),
            "missing": coded(404),
            "forbidden": coded(401),
            "never": coded(*[204] * 1000),
            "broken": coded(*[500] * 1000),
            "circle": redirected(f"{hcp.url}/plans/circle"),
            "bomb": given(gzip.compress(b" " * (600 * 2**20), 1)),
            "good": given(CLEAN.read_bytes()),
        }
    )
    service = serving("--fetch-timeout", "4", "--max-plan", "8", "--workers", "8")
    for name in hcp.plans:
        assert service.post(payload(hcp, name)).status_code == 200
    told = {name: hcp.result(name) for name in hcp.plans}
    assert told.pop("good").status == "passed"
    assert {each.status for each in told.values()} == {"failed"}
    said = {
        name: each.message.removeprefix("could not be evaluated: ") for name, each in told.items()
    }
    fetching = "the plan cannot be fetched: "
    assert {name: said[name] for name in ("huge", "endless", "missing", "forbidden", "circle")} == {
        "huge": f"{fetching}it is larger than 8 MiB; see --max-plan",
        "endless": f"{fetching}it is larger than 8 MiB; see --max-plan",
        "missing": f"{fetching}HTTP 404",
        "forbidden": f"{fetching}HTTP 401",
        "circle": f"{fetching}more than 3 redirects",
    }
    assert said["slow"] == f"{fetching}no answer; given up after 4 s"
    assert said["never"] == f"{fetching}it is not there yet; given up after 4 s"
    assert said["broken"] == f"{fetching}HTTP 500; given up after 4 s"
    assert "state" in said["state"]
    assert "larger than" in said["bomb"] or "more than" in said["bomb"]
    assert all(said.values())


def test_a_plan_that_is_not_there_yet_is_asked_for_again(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["later"] = coded(204, 503, 429, then=CLEAN.read_bytes())
    serving().post(payload(hcp, "later"))
    assert hcp.result("later").status == "passed"
    assert len(hcp.asked) == 4


def test_a_packed_plan_is_unpacked_by_the_scan(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["packed"] = given(gzip.compress(BROKEN.read_bytes()), **{"Content-Encoding": "gzip"})
    serving().post(payload(hcp, "packed"))
    assert hcp.result("packed").message.startswith("FAIL: 2 critical")


def test_a_redirect_is_followed_without_the_token(hcp: FakeHcp, serving: Serve) -> None:
    store = FakeHcp()
    server, thread = started(store)
    # Back to where the token belongs it does not come again either.
    store.plans["stored"] = redirected(f"{hcp.url}/plans/archive")
    hcp.plans["archive"] = given(CLEAN.read_bytes())
    hcp.plans["moved"] = redirected(f"{store.url}/plans/stored?signature=abc")
    serving().post(payload(hcp, "moved"))
    assert hcp.result("moved").status == "passed"
    assert hcp.asked == [("/plans/moved", f"Bearer {token_of('moved')}"), ("/plans/archive", "")]
    assert store.asked == [("/plans/stored", "")]
    server.should_exit = server.force_exit = True
    thread.join()


@pytest.mark.parametrize(
    "elsewhere",
    ["https://169.254.169.254/latest", "https://example.com/x", "//example.com/x", "ftp://a/b"],
)
def test_a_redirect_to_a_host_that_is_not_allowed_is_not_followed(
    hcp: FakeHcp, serving: Serve, elsewhere: str
) -> None:
    hcp.plans["away"] = redirected(elsewhere)
    service = serving()
    service.post(payload(hcp, "away"))
    told = hcp.result("away")
    assert told.status == "failed"
    assert "what it is redirected to is" in told.message
    wait_for(lambda: service.logged("answered", "away"), "that to be logged")
