"""One finding over all subnets of a service."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from policyscan.graph import Confidence, Target
from policyscan.rule import Certainty, Exit, PlacedSubnet, Placement, Verdict
from policyscan.rule.egress import Egress
from policyscan.rule.model import (
    Finding,
    fail,
    not_applicable,
    passed,
    settle,
    undetermined,
    weakest,
    worst,
)
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of

EXACT, INFERRED, AMBIGUOUS = Confidence.EXACT, Confidence.INFERRED, Confidence.AMBIGUOUS
ANY = platform_of(made("aws_subnet.s", id=Refs()))


def subnet(name: str, confidence: Confidence = EXACT) -> PlacedSubnet:
    certainty = Certainty.PROVEN if confidence is EXACT else Certainty.INFERRED
    target = Target(f"aws_subnet.{name}", "id", confidence)
    resource = replace(resource_of(ANY, "aws_subnet.s"), address=target.address)
    return PlacedSubnet(target, resource, Egress(Exit.NONE), (), certainty)


def judge(placed: PlacedSubnet) -> Finding:
    """A subnet called good_a is good, bad_b bad, and any other unknown."""
    kind = placed.resource.address.removeprefix("aws_subnet.").split("_")[0]
    said = {"good": passed, "bad": fail}.get(kind, undetermined)
    return said("aws_ecs_service.app", placed.resource.address)


def agreed(placement: Placement) -> Finding:
    return placement.agree("aws_ecs_service.app", judge)


@pytest.mark.parametrize(
    ("subnets", "verdict", "certainty"),
    [
        ([subnet("good_a"), subnet("good_b")], Verdict.PASS, Certainty.PROVEN),
        ([subnet("good_a"), subnet("bad_b")], Verdict.FAIL, Certainty.PROVEN),
        ([subnet("odd_a"), subnet("bad_b")], Verdict.FAIL, Certainty.PROVEN),
        ([subnet("good_a"), subnet("odd_b")], Verdict.UNKNOWN, Certainty.PROVEN),
        # A weak edge makes a weak verdict.
        ([subnet("good_a"), subnet("good_b", INFERRED)], Verdict.PASS, Certainty.INFERRED),
        ([subnet("good_a"), subnet("bad_b", INFERRED)], Verdict.FAIL, Certainty.INFERRED),
        # Which one is used is not known: only when all agree there is a verdict.
        ([subnet("good_a", AMBIGUOUS), subnet("bad_b", AMBIGUOUS)], Verdict.UNKNOWN, None),
        ([subnet("good_a", AMBIGUOUS), subnet("good_b", AMBIGUOUS)], Verdict.PASS, None),
        ([subnet("bad_a", AMBIGUOUS), subnet("bad_b", AMBIGUOUS)], Verdict.FAIL, None),
        ([subnet("bad_a"), subnet("good_b", AMBIGUOUS)], Verdict.FAIL, None),
        ([subnet("good_a"), subnet("bad_b", AMBIGUOUS)], Verdict.UNKNOWN, None),
    ],
)
def test_subnets_agree(
    subnets: list[PlacedSubnet], verdict: Verdict, certainty: Certainty | None
) -> None:
    found = agreed(Placement(is_given=True, subnets=tuple(subnets)))
    assert found.verdict is verdict
    assert certainty in {None, found.certainty}


def test_a_bad_subnet_is_enough_even_when_others_are_missing() -> None:
    placement = Placement(is_given=True, subnets=(subnet("bad_a"),), missing=("gone",))
    assert agreed(placement).verdict is Verdict.FAIL


def test_a_subnet_that_may_be_bad_is_not_enough_when_others_are_missing() -> None:
    maybe = (subnet("bad_a", AMBIGUOUS),)
    assert agreed(Placement(is_given=True, subnets=maybe)).verdict is Verdict.FAIL
    placement = Placement(is_given=True, subnets=maybe, missing=("gone",))
    assert agreed(placement).verdict is Verdict.UNKNOWN


def test_good_subnets_are_not_enough_when_others_are_missing() -> None:
    placement = Placement(is_given=True, subnets=(subnet("good_a"),), missing=("gone", "lost"))
    assert agreed(placement) == undetermined(
        "aws_ecs_service.app", "gone; lost", at="network_configuration[0].subnets"
    )


def placement(*entries: Made, **service: object) -> Placement:
    platform = platform_of(made("aws_ecs_service.app", name="app", **service), *entries)
    return platform.placement(platform.services[0])


def test_a_service_without_network_configuration_is_placed_nowhere() -> None:
    assert placement() == Placement(is_given=False)


def test_subnets_that_the_plan_does_not_hold_are_missing_by_name() -> None:
    found = placement(network_configuration=[{"subnets": ["subnet-0123456789abcdef0"]}])
    assert found.subnets == ()
    [why] = found.missing
    assert "subnet-0123456789abcdef0 is not in this plan, nor are its routes" in why
    listed = placement(
        made("data.aws_subnets.d", ids=Refs()),
        network_configuration=[{"subnets": Refs("data.aws_subnets.d.ids")}],
    )
    [why] = listed.missing
    assert why == "the plan does not hold the subnets of aws_ecs_service.app; give --source-dir"


def test_of_many_subnets_that_the_plan_does_not_hold_one_is_named() -> None:
    ids = [f"subnet-0123456789abcdef{number}" for number in range(3)]
    [why] = placement(network_configuration=[{"subnets": ids}]).missing
    assert "subnet-0123456789abcdef0 and 2 more are not in this plan" in why


def test_evidence_leads_from_the_service_to_the_subnet() -> None:
    found = placement(
        made("aws_subnet.s", id=Refs()),
        network_configuration=[{"subnets": [Refs("aws_subnet.s.id")]}],
    )
    [placed] = found.subnets
    assert [(step.address, step.attribute) for step in placed.path[:2]] == [
        ("aws_ecs_service.app", "network_configuration[0].subnets"),
        ("aws_subnet.s", "id"),
    ]


def test_the_worst_finding_decides_and_the_least_sure_pass() -> None:
    sure, unsure = Certainty.PROVEN, Certainty.INFERRED
    findings = [
        not_applicable("a", "na"),
        passed("a", "sure", certainty=sure),
        passed("a", "unsure", certainty=unsure),
        undetermined("a", "unknown"),
        fail("a", "perhaps", certainty=unsure),
        fail("a", "surely", certainty=sure),
    ]
    order = ["surely", "perhaps", "unknown", "unsure", "sure", "na"]
    for _ in order:
        found = worst(findings)
        assert found.message == order[len(order) - len(findings)]
        findings.remove(found)
    with pytest.raises(ValueError, match="empty"):
        worst([])


PASS, FAIL, OPEN = passed("x", "good"), fail("x", "bad"), undetermined("x", "odd")


@pytest.mark.parametrize(
    ("judged", "verdict"),
    [
        ([(PASS, True), (PASS, False)], Verdict.PASS),
        ([(PASS, True), (FAIL, True)], Verdict.FAIL),
        ([(FAIL, True), (PASS, False)], Verdict.FAIL),
        ([(PASS, True), (FAIL, False)], Verdict.UNKNOWN),
        ([(FAIL, False), (FAIL, False)], Verdict.FAIL),
        ([(FAIL, False), (PASS, False)], Verdict.UNKNOWN),
        ([(OPEN, True), (PASS, True)], Verdict.UNKNOWN),
    ],
)
def test_what_only_may_be_so_counts_when_all_agree(
    judged: list[tuple[Finding, bool]], verdict: Verdict
) -> None:
    assert settle("x", judged, "which").verdict is verdict


def test_the_weakest_certainty_counts() -> None:
    assert weakest(Certainty.PROVEN, Certainty.INFERRED) is Certainty.INFERRED
    assert weakest(Certainty.PROVEN, Certainty.PROVEN) is Certainty.PROVEN
    assert weakest() is Certainty.PROVEN


def test_subnets_of_which_some_cannot_be_followed_are_said_to_be_missing() -> None:
    found = placement(
        made("aws_subnet.s", id=Refs()),
        network_configuration=[{"subnets": Refs("aws_subnet.s.id", "local.more")}],
    )
    assert [placed.resource.address for placed in found.subnets] == ["aws_subnet.s"]
    (missing,) = found.missing
    assert "local.more" in missing


def test_the_way_out_of_a_subnet_may_be_less_sure_than_the_subnet() -> None:
    nats = tuple(made(f"aws_nat_gateway.{name}", subnet_id=f"subnet-{name}") for name in "nm")
    entries = (
        made("aws_subnet.s", id=Refs()),
        made(
            "aws_route_table.t",
            route=[
                {
                    "cidr_block": "0.0.0.0/0",
                    "nat_gateway_id": Refs(
                        "aws_nat_gateway.n.id", "aws_nat_gateway.m.id", "var.which"
                    ),
                }
            ],
        ),
        made(
            "aws_route_table_association.a",
            subnet_id=Refs("aws_subnet.s.id"),
            route_table_id=Refs("aws_route_table.t.id"),
        ),
        *nats,
    )
    [sure] = placement(
        *entries, network_configuration=[{"subnets": [Refs("aws_subnet.s.id")]}]
    ).subnets
    assert (sure.egress.certainty, sure.certainty) == (Certainty.INFERRED, Certainty.INFERRED)
