"""What a finding says decides, how bad it is, and how a parameter is read."""

from __future__ import annotations

import pytest

from policyscan.rule import Severity, Step, fail

MINE = "aws_lb.a"


def test_a_severity_reaches_itself_and_what_is_less() -> None:
    assert Severity.HIGH.reaches(Severity.HIGH)
    assert Severity.HIGH.reaches(Severity.LOW)
    assert not Severity.HIGH.reaches(Severity.CRITICAL)


@pytest.mark.parametrize(
    ("path", "at", "attribute", "leads_to"),
    [
        ((Step(MINE, "subnets"), Step("aws_subnet.s")), "", "subnets", "aws_subnet.s"),
        ((Step("aws_subnet.s", "id"), Step(MINE, ""), Step(MINE, "name")), "", "name", ""),
        ((Step(MINE, "subnets"), Step(MINE, "name")), "name", "name", ""),
        ((Step(MINE, "subnets"),), "name", "name", ""),
        ((Step("aws_subnet.s", "name"),), "name", "name", ""),
        ((), "", "", ""),
    ],
)
def test_what_decides_is_the_first_attribute_of_its_own_address(
    path: tuple[Step, ...], at: str, attribute: str, leads_to: str
) -> None:
    finding = fail(MINE, "it is wrong", path=path, at=at)
    step, following = finding.decisive
    assert (step.address, step.attribute, following) == (MINE, attribute, leads_to)
