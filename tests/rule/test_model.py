"""What a finding says decides, how bad it is, and how a parameter is read."""

from __future__ import annotations

import pytest

from policyscan.errors import ConfigError
from policyscan.rule import Parameter, Severity, Step, fail

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


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [
        (3, "12", 12),
        (0.5, "0.75", 0.75),
        (("a",), "x, y,,z", ("x", "y", "z")),
        ("word", "12", "12"),
    ],
)
def test_a_parameter_is_read_as_its_default_is(
    default: float | str | tuple[str, ...], text: str, value: object
) -> None:
    read = Parameter("max", default, "how many").parse(text)
    assert read == value
    assert type(read) is type(default)


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ConfigError, match="max: 'many' is not a whole number"):
        Parameter("max", 3, "how many").parse("many")
    with pytest.raises(ConfigError, match="max: 'many' is not a number"):
        Parameter("max", 0.5, "how much").parse("many")
