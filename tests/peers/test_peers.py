"""What docs/peers.md says of other scanners is what they reported, read as a person reviewed it."""

from __future__ import annotations

import json

import pytest

from tests.peers.page import (
    FOLDER,
    PAGE,
    ROOT,
    Defect,
    Peer,
    Report,
    Review,
    Reviews,
    defects,
    finding,
    opposing,
    page,
    peers_json,
    planned,
    reviews,
    stored_peers,
    unreviewed,
)
from tests.peers.run import SCANNERS

BALANCER = "aws_lb.shop"
DEFECT = Defect(13, breaks=False, text="protected", at=(BALANCER,), found_by={})


def a_peer(address: str) -> Peer:
    return Peer("other", "1.0", "other", (Report("X1", "is protected", (address,)),))


def reviewed(**numbers: int) -> Reviews:
    return {("other", "X1"): Review("is protected", **numbers)}


def test_the_page_is_the_one_of_what_the_scanners_reported() -> None:
    made = page(defects(), stored_peers(), reviews(), planned())
    assert PAGE.read_text(encoding="utf-8") == made, "run `make peers`"


def test_the_scanners_ran_on_the_configuration_as_it_is() -> None:
    stored = (FOLDER / "peers.json").read_text(encoding="utf-8")
    assert stored == peers_json(stored_peers()), "run `make peers`"


def test_a_person_reviewed_every_check_that_reported_and_no_other() -> None:
    assert unreviewed(stored_peers(), reviews()) == ()
    reported = {(peer.name, each.check) for peer in stored_peers() for each in peer.reports}
    assert reviews().keys() - reported == set()


def test_a_review_speaks_of_defects_there_are() -> None:
    known = {0, *(each.number for each in defects())}
    assert {number for each in reviews().values() for number in (each.finds, each.opposes)} <= known


def test_the_scanners_speak_of_addresses_of_the_plan() -> None:
    plan = json.loads((FOLDER / "plan.json").read_bytes())
    planned_addresses = {each["address"] for each in plan["resource_changes"]}
    reports = [each for peer in stored_peers() for each in peer.reports]
    assert {one for each in reports for one in each.addresses} - planned_addresses == set()
    assert {one for each in defects() for one in each.at} - planned_addresses == set()


def test_the_scanners_that_ran_are_those_that_are_locked() -> None:
    ran = {peer.name: f"{peer.name}=={peer.version} " for peer in stored_peers()}
    assert list(ran) == [each.name for each in SCANNERS]
    locked = {name: (ROOT / "constraints" / f"{name}.txt").read_text() for name in ran}
    assert [name for name, line in ran.items() if f"\n{line}" not in locked[name]] == []


@pytest.mark.parametrize(
    ("address", "finds", "found"),
    [(BALANCER, 13, ("X1",)), (BALANCER, 12, ()), (BALANCER, 0, ()), ("aws_lb.other", 13, ())],
)
def test_a_check_finds_the_defect_it_speaks_about_where_the_defect_is(
    address: str, finds: int, found: tuple[str, ...]
) -> None:
    assert finding(DEFECT, a_peer(address), reviewed(finds=finds)) == found


def test_a_check_that_asks_for_more_of_a_defect_does_not_find_it() -> None:
    against = reviewed(opposes=13)
    assert finding(DEFECT, a_peer(BALANCER), against) == ()
    assert opposing(DEFECT, a_peer(BALANCER), against) == ("X1",)
    assert "asks for the opposite: X1" in page((DEFECT,), (a_peer(BALANCER),), against, 1)


def test_a_check_that_reads_otherwise_than_reviewed_is_to_be_reviewed_again() -> None:
    peer = a_peer(BALANCER)
    assert unreviewed([peer], {}) == ("other X1: is protected",)
    assert unreviewed([peer], {("other", "X1"): Review("is open")}) == ("other X1: is protected",)
    assert unreviewed([peer], reviewed()) == ()
