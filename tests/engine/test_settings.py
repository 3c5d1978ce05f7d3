"""How layers add up, and how bad a finding is where a severity is set for its rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyscan.engine import Layer, Level, Origin, Settings, judge, load_pack, settled
from policyscan.errors import ConfigError
from policyscan.rule import Parameter, Rule, Severity, fail
from tests.engine.test_judge import GOOD
from tests.packs import write_pack as pack
from tests.plans import change, graph_of

CRITICAL, HIGH, MEDIUM, LOW = Severity
RULE = Rule("XX100", "bucket-there", "TEST", HIGH, "t", ("aws_s3_bucket",))
FILE, FLAG = Origin(Level.FILE, ".policyscan.yaml"), Origin(Level.FLAG, "--set")


def weighed(wanted: Severity, own: Severity | None) -> Severity:
    """How bad a finding of RULE counts, whose own severity is `own`."""
    settings = Settings(severities={"XX100": wanted})
    return settings.weighed(RULE, fail("a.b", "m", severity=own)).severity or RULE.severity


@pytest.mark.parametrize(
    ("wanted", "own", "counts"),
    [
        # Set milder: nothing of the rule is worse.
        (LOW, None, LOW),
        (LOW, CRITICAL, LOW),
        (MEDIUM, LOW, LOW),
        # Set to what it is: that is the worst.
        (HIGH, CRITICAL, HIGH),
        (HIGH, MEDIUM, MEDIUM),
        # Set worse: what the rule itself tells apart stays apart.
        (CRITICAL, None, CRITICAL),
        (CRITICAL, HIGH, CRITICAL),
        (CRITICAL, LOW, LOW),
    ],
)
def test_a_severity_is_the_worst_a_rule_may_find_or_what_it_mostly_finds(
    wanted: Severity, own: Severity | None, counts: Severity
) -> None:
    assert weighed(wanted, own) is counts


def test_a_severity_decides_the_exit_code_and_the_report(tmp_path: Path) -> None:
    rules = load_pack(pack(tmp_path, good=GOOD.format(severity="HIGH", verdict="fail")))
    graph = graph_of([change("aws_s3_bucket.b")])
    milder = judge(graph, rules, Settings(severities={"XX100": LOW}))
    assert [milder.exit_code("high"), milder.exit_code("low")] == [0, 1]
    assert milder.judgements[-1].severity is LOW
    assert judge(graph, rules, Settings()).exit_code("high") == 1


def test_a_later_layer_wins_setting_by_setting() -> None:
    settings = settled(
        (
            Layer(
                FILE,
                select=("NET",),
                ignore=("PS201",),
                unwaivable=("NET",),
                fail_on="low",
                severities={"PS303": LOW, "PS401": LOW},
                parameters={("PS303", "max"): 20, ("PS303", "min"): 1},
            ),
            Layer(
                FLAG,
                select=("IAM",),
                ignore=("PS501",),
                unwaivable=("PS501", "NET"),
                severities={"PS303": MEDIUM},
                parameters={("PS303", "max"): 30},
            ),
        )
    )
    assert settings.select == ("IAM",)
    assert settings.ignore == ("PS201", "PS501")
    assert settings.unwaivable == ("NET", "PS501")
    assert settings.fail_on == "low"
    assert settings.severities == {"PS303": MEDIUM, "PS401": LOW}
    assert settings.given == {("PS303", "max"): 30, ("PS303", "min"): 1}
    asked = (
        ("PS303", "max"),
        ("PS303", "min"),
        ("PS303", "severity"),
        ("PS401", "severity"),
        ("fail_on",),
        ("PS401", "days"),
    )
    assert [settings.origin(*each) for each in asked] == [FLAG, FILE, FLAG, FILE, FILE, Origin()]


@pytest.mark.parametrize(
    ("default", "more", "said"),
    [
        (3, {"choices": (1, 2)}, "3 is not one of 1, 2"),
        (3, {"least": 4}, "3 is not 4 or more"),
        ("on", {"choices": ("yes",)}, '"on" is not one of yes'),
        (True, {}, "the default of limit is of type bool, not a number, a text or a tuple"),
    ],
)
def test_a_parameter_may_have_no_default_that_it_refuses(
    default: int | str, more: dict[str, tuple[int | str, ...]], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        Parameter("limit", default, "a limit", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (Parameter("n", 3, ""), " 4", 4),
        (Parameter("n", 3.0, ""), "4", 4.0),
        (Parameter("n", "a", ""), "b", "b"),
        (Parameter("n", ("a",), ""), "b, c,", ("b", "c")),
        (Parameter("n", ("a",), ""), "", ()),
    ],
)
def test_a_parameter_is_read_off_a_command_line(
    parameter: Parameter, text: str, value: object
) -> None:
    assert parameter.read(text) == value


@pytest.mark.parametrize(
    ("default", "text", "said"),
    [
        (3, "many", '"many" is not a whole number'),
        (3, "4.5", '"4.5" is not a whole number'),
        (3, "9" * 5000, '"9999.*[.][.][.] is not a whole number'),
        (3.0, "nan", "NaN is not a number that can be counted to"),
        (3.0, "inf", "Infinity is not a number that can be counted to"),
        (3.0, "fast", '"fast" is not a number'),
    ],
)
def test_what_cannot_be_read_off_a_command_line_is_refused(
    default: float, text: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        Parameter("n", default, "").read(text)


def test_a_number_larger_than_any_float_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not a number that can be counted to"):
        Parameter("n", 3.0, "").checked(10**400)
