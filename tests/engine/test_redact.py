"""Secrets are found in texts exactly, whatever their number, and texts keep to a length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.engine.redact import Redaction, Secrets, redaction
from policyscan.rule import Step, fail, replace
from tests.plans import change, plan_of


def hidden(values: list[str], text: str) -> str:
    return Secrets(values).replaced(text, lambda number: f"<{number}>")


@pytest.mark.parametrize(
    ("values", "text", "expected"),
    [
        (["hunter2"], "it is hunter2, not xhunter2x", "it is <1>, not x<1>x"),
        (["hunter2", "hunter2000"], "hunter2 hunter2000", "<2> <1>"),
        (["dev"], "dev app-dev device devs", "<1> app-<1> device devs"),
        (["a.b"], "a.b axb", "<1> axb"),
        ([], "nothing", "nothing"),
        (["secret"], "sec", "sec"),
        (["aaaaaa"], "aaaaaaaaaaaaa", "<1><1>a"),
    ],
)
def test_values_are_replaced(values: list[str], text: str, expected: str) -> None:
    assert hidden(values, text) == expected


@given(
    st.lists(st.text("ab]^-\\.é", min_size=6, max_size=9), max_size=6).map(lambda each: each * 2),
    st.text("ab]^-\\.éc", max_size=60),
)
def test_no_value_stays_whatever_its_characters_mean_to_a_pattern(
    values: list[str], text: str
) -> None:
    text = text.join(values)
    assert [value for value in values if value in hidden(values, text)] == []


@given(st.lists(st.text("ab", min_size=6, max_size=9), max_size=6), st.text("abc-", max_size=60))
def test_no_long_value_stays_and_the_rest_does(values: list[str], text: str) -> None:
    shown = Secrets(values).replaced(text, lambda _: "#")
    assert [value for value in values if value in shown] == []
    if not any(value in text for value in values):
        assert shown == text


def test_a_text_that_never_ends_is_cut_behind_the_secrets_in_it() -> None:
    plan = plan_of(
        [change("aws_s3_bucket.b", after={"bucket": "hunter2" * 9}, sensitive={"bucket": True})]
    )
    said = redaction(plan).text("x" * 9_990 + "hunter2" * 9 + "y" * 99)
    assert "hunter" not in said
    assert said.endswith("(10152 characters in all)")
    assert len(said) < 10_100


def test_marks_hide_what_they_cover_and_nothing_beside() -> None:
    plan = plan_of(
        [
            change(
                "aws_x.y",
                after={
                    "a": {"p": "secret-one", "q": "public-one"},
                    "b": ["secret-two", "public-2"],
                },
                sensitive={"a": {"p": True}, "b": [True, False]},
            )
        ]
    )
    text = redaction(plan).text("secret-one public-one secret-two public-2")
    assert text == "(sensitive) public-one (sensitive) public-2"


def test_a_finding_without_anything_secret_stays_the_very_same() -> None:
    secrets = Redaction(Secrets(["hunter2"]), Secrets(["pa55word"]))
    step = Step('aws_instance.a["x"]', "user_data", "nothing to hide")
    finding = fail('aws_instance.a["x"]', "it says something", path=(step,))
    assert secrets.finding(finding) is finding
    told = replace(finding, path=(replace(step, note="it says pa55word"),))
    assert secrets.finding(told).path[0].note == "it says (sensitive)"
    keyed = replace(finding, path=(replace(step, address='aws_instance.a["hunter2"]'),))
    assert secrets.finding(keyed).path[0].address == 'aws_instance.a["(sensitive 1)"]'
