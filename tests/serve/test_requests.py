"""Which requests are taken: signed, of the known form, leading nowhere else, and once each."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.cli.commands import run
from tests.serve.hcp import FakeHcp, given, wait_for
from tests.serve.served import BROKEN, CLEAN, KEY, Served, payload, signature

Serve = Callable[..., Served]


def test_a_request_that_is_not_signed_with_the_key_is_refused(hcp: FakeHcp, serving: Serve) -> None:
    service = serving()
    asked = payload(hcp, "forged")
    body = json.dumps(asked).encode()
    changed = json.dumps({**asked, "run_id": "run-other"}).encode()
    refused = [
        service.post(body, signed="").status_code,
        service.post(body, signed=signature(body, "another key")).status_code,
        service.post(body, signed=signature(body)[:-1]).status_code,
        service.post(changed, signed=signature(body)).status_code,
        service.post({**asked, "access_token": "test-token"}, signed="0" * 128).status_code,
    ]
    assert refused == [401] * 5
    assert service.health().json()["accepted"] == 0
    assert (hcp.asked, hcp.callbacks) == ([], [])
    wait_for(lambda: len(service.logged("refused")) == 5, "all to be logged")


def test_a_request_that_is_no_run_task_is_refused_and_says_why(
    hcp: FakeHcp, serving: Serve
) -> None:
    service = serving()

    def without(key: str) -> dict[str, Any]:
        return {name: each for name, each in payload(hcp, "odd").items() if name != key}

    wrong: dict[str, dict[str, Any] | bytes] = {
        "the body is no JSON": b"{",
        "the body is no JSON object": b"[1]",
        "payload_version is not 1": {**payload(hcp, "odd"), "payload_version": 2},
        "access_token is missing": without("access_token"),
        "access_token is missing, or": {**payload(hcp, "odd"), "access_token": "a\r\nX-Other: b"},
        "task_result_id is missing": {**payload(hcp, "odd"), "task_result_id": 'a\n" b'},
        "run_id is missing": without("run_id"),
        "stage is missing": {**payload(hcp, "odd"), "stage": 5},
        "plan_json_api_url is missing": without("plan_json_api_url"),
        "task_result_callback_url is missing": without("task_result_callback_url"),
    }
    for why, content in wrong.items():
        answer = service.post(content)
        assert (answer.status_code, why in answer.json()["error"]) == (400, True), answer.text
    deep = service.post(b"[" * 200_000)
    assert deep.status_code == 400
    large = service.post(b'"' + b" " * 2**20 + b'"')
    assert large.status_code == 413
    assert service.health().json()["accepted"] == 0


def test_urls_that_lead_elsewhere_are_refused_before_anyone_is_asked(
    hcp: FakeHcp, serving: Serve
) -> None:
    service = serving(local=False)
    elsewhere = {
        f"{hcp.url}/plans/x": "is not https",
        "https://169.254.169.254/latest/meta-data": "not allowed",
        "https://app.terraform.io.example.com/api": "not allowed",
        "https://app.terraform.io@example.com/api": "names a user",
        "https://app.terraform.io:8443/api": "not allowed",
        "file:///etc/passwd": "names no host",
        "https://[::1/": "is no URL",
    }
    for url, why in elsewhere.items():
        for key in ("plan_json_api_url", "task_result_callback_url"):
            good = "https://app.terraform.io/api/v2/x"
            urls = {"plan_json_api_url": good, "task_result_callback_url": good, key: url}
            answer = service.post({**payload(hcp, "elsewhere"), **urls})
            assert answer.status_code == 400, url
            assert answer.json()["error"].startswith(f"{key} "), url
            assert why in answer.json()["error"], answer.text
    assert (hcp.asked, hcp.callbacks) == ([], [])


def test_a_task_that_is_asked_again_is_judged_once(hcp: FakeHcp, serving: Serve) -> None:
    hcp.plans["again"] = given(CLEAN.read_bytes())
    service = serving()
    codes = [service.post(payload(hcp, "again")).status_code for _ in range(3)]
    hcp.result("again")
    codes.append(service.post(payload(hcp, "again")).status_code)
    assert codes == [200] * 4
    wait_for(lambda: len(service.logged("seen", "again")) == 3, "all to be logged")
    service.terminate()
    assert service.ended() == 0
    assert len(hcp.asked) == len(hcp.callbacks) == 1


def test_a_request_that_comes_slowly_is_given_up(hcp: FakeHcp, serving: Serve) -> None:
    service = serving("--request-timeout", "0.5")
    host, port = service.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /run-task HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
    hcp.plans["other"] = given(CLEAN.read_bytes())
    service.post(payload(hcp, "other"))
    assert hcp.result("other").status == "passed"


def test_the_key_may_stand_in_a_file(hcp: FakeHcp, serving: Serve, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY} of the file\n")
    service = serving("--hmac-key-file", "key")
    body = json.dumps(payload(hcp, "filed", stage="pre_plan")).encode()
    assert service.post(body).status_code == 401
    assert service.post(body, signed=signature(body, f"{KEY} of the file")).status_code == 200
    assert hcp.result("filed").status == "passed"


def test_it_listens_on_loopback_alone(serving: Serve) -> None:
    service = serving()
    port = int(service.url.split(":")[2].split("/")[0])
    # All of 127.0.0.0/8 leads here, so whoever listens everywhere answers there too.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port))


def test_what_keeps_it_from_starting_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        wrong = {
            (): "POLICYSCAN_RUN_TASK_HMAC_KEY: no key in it",
            ("--hmac-key-file", "empty"): "--hmac-key-file empty: no key in it",
            ("--hmac-key-file", "none"): "--hmac-key-file none: cannot be read",
            ("--profile", "nope"): "no profile is called 'nope'",
            ("--select", "PS999"): "--select: no rule or group is called 'PS999'",
        }
        for flags, why in wrong.items():
            done = run("serve", "--run-task", *flags, cwd=tmp_path)
            assert (done.returncode, done.stdout) == (2, b"")
            assert done.stderr.decode().startswith(f"policyscan: {why}"), done.stderr
            assert len(done.stderr.splitlines()) == 1
        (tmp_path / "key").write_text(KEY)
        busy = run("serve", "--run-task", "--port", port, "--hmac-key-file", "key", cwd=tmp_path)
        assert busy.returncode == 2
        assert f"--port {port}: cannot listen there" in busy.stderr.decode()
    bare = run("serve", cwd=tmp_path)
    assert (bare.returncode, b"--run-task" in bare.stderr) == (2, True)


def test_one_hundred_requests_at_once_get_one_hundred_results(hcp: FakeHcp, serving: Serve) -> None:
    names = [f"task{number}" for number in range(100)]
    for number, name in enumerate(names):
        hcp.plans[name] = given((BROKEN if number % 10 == 0 else CLEAN).read_bytes())
    service = serving("--select", "PS101")
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda name: service.post(payload(hcp, name)), names))
    assert {each.status_code for each in answers} == {200}
    wait_for(lambda: all(map(hcp.final, names)), "all results")
    told = {name: hcp.result(name).status for name in names}
    assert [name for name in names if told[name] == "failed"] == names[::10]
    finals = [each for each in hcp.callbacks if each.status != "running"]
    assert len(finals) == len(hcp.asked) == 100
    wait_for(lambda: service.health().json()["accepted"] == 0, "all places to be free")


def test_only_so_many_plans_are_held_at_a_time(hcp: FakeHcp, serving: Serve) -> None:
    names = [f"held{number}" for number in range(8)]
    busy: list[int] = [0]

    async def answer(_: Request) -> Response:
        busy.append(busy[-1] + 1)
        await asyncio.sleep(0.3)
        busy.append(busy[-1] - 1)
        return Response(CLEAN.read_bytes())

    hcp.plans.update(dict.fromkeys(names, answer))
    service = serving("--workers", "2")
    for name in names:
        service.post(payload(hcp, name))
    wait_for(lambda: all(map(hcp.final, names)), "all results")
    assert max(busy) == 2


def test_what_there_is_no_place_for_may_come_again(hcp: FakeHcp, serving: Serve) -> None:
    service = serving("--workers", "1", "--queue", "1", "--callback-timeout", "100")
    hcp.plans.update({name: given(CLEAN.read_bytes()) for name in ("a", "b", "c")})
    hcp.delay = 3
    first = [service.post(payload(hcp, name)).status_code for name in ("a", "b")]
    full = service.post(payload(hcp, "c"))
    assert (first, full.status_code, full.headers["Retry-After"]) == ([200, 200], 503, "10")
    hcp.delay = 0
    for name in ("a", "b"):
        hcp.result(name)
    wait_for(lambda: service.post(payload(hcp, "c")).status_code == 200, "a place")
    assert hcp.result("c").status == "passed"
