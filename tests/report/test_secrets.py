"""Nothing secret in a plan is in any report, in whatever format, or in what is said of errors."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from policyscan.cli.commands import run
from policyscan.cli.plan_commands import GRAPH_FORMATS
from policyscan.engine import Settings, built_in_pack, judge, load_pack
from policyscan.report.formats import FORMATS
from policyscan.report.text_report import render_text
from tests.packs import write_pack
from tests.plans import block, change, constant, document, graph_of, references

ROOT = Path(__file__).resolve().parents[2]
CANARY = "Zq7canary"
NUMBER = 481516
PLANS = sorted((ROOT / "fixtures").rglob("plan.json"))


def said(folder: Path, *documents: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Everything policyscan writes about the plans: by format, and on stderr."""
    folder.mkdir(exist_ok=True)
    plans = []
    for number, each in enumerate(documents):
        path = folder / f"{number}.json"
        path.write_text(json.dumps(each), encoding="utf-8")
        plans.append(str(path))
    reports = {name: folder / f"report.{name}" for name in FORMATS}
    asked = [part for name, path in reports.items() for part in ("-f", f"{name}={path}")]
    run([*plans, "--no-source", *asked])
    for name, path in reports.items():
        yield name, path.read_text(encoding="utf-8")


def assert_silent(texts: Iterator[tuple[str, str]]) -> None:
    for name, text in texts:
        # A digest may hold the digits of the number by chance.
        for secret in (CANARY, CANARY.lower(), rf"(?<![0-9a-f]){NUMBER}(?![0-9a-f])"):
            found = re.search(secret, text)
            around = found.start() if found else 0
            assert not found, f"{name}: {text[max(around - 200, 0) : around + 50]}"


def planted(value: Any) -> Any:
    """The value with a secret in each text and number of it, JSON in a text included."""
    match value:
        case bool() | None:
            return value
        case int() | float():
            return NUMBER
        case str():
            try:
                inner = json.loads(value)
            except ValueError:
                return f"{value}{CANARY}"
            if isinstance(inner, dict | list):
                return json.dumps(planted(inner))
            return f"{value}{CANARY}"
        case list():
            return [planted(each) for each in value]
        case dict():
            return {key: planted(each) for key, each in value.items()}
    return value


def marks_of(value: Any, random: Random) -> Any:
    """Marks that cover every part of a value: at the whole, its members, or further down."""
    if isinstance(value, dict) and value and random.random() < 0.6:
        return {key: marks_of(each, random) for key, each in value.items()}
    if isinstance(value, list) and value and random.random() < 0.6:
        return [marks_of(each, random) for each in value]
    return True


def with_secrets(plan: dict[str, Any], random: Random, share: float) -> dict[str, Any]:
    """The plan with secrets in a share of all attributes, each marked."""
    broken = copy.deepcopy(plan)
    for each in broken.get("resource_changes") or ():
        inner = each["change"]
        for side in ("before", "after"):
            values = inner.get(side)
            if not values:
                continue
            names = [name for name in values if random.random() < share]
            values.update({name: planted(values[name]) for name in names})
            marks = inner.get(f"{side}_sensitive")
            inner[f"{side}_sensitive"] = (
                True
                if share == 1 and random.random() < 0.2
                else (marks if isinstance(marks, dict) else {})
                | {name: marks_of(values[name], random) for name in names}
            )
    return broken


def load(path: Path) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(path.read_bytes())
    return plan


def test_no_marked_attribute_of_any_fixture_is_shown(tmp_path: Path) -> None:
    random = Random(1)  # noqa: S311 - chooses where marks stand
    plans = [with_secrets(load(path), random, 1) for path in PLANS]
    assert_silent(said(tmp_path, *plans))


SMALL = [path for path in PLANS if path.stat().st_size < 100_000]


@settings(
    max_examples=5,
    deadline=None,
    # A seed has no smaller cousin to look for.
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 2**32), st.sampled_from([0.05, 0.2, 0.5]))
def test_no_attribute_marked_here_and_there_is_shown(
    tmp_path: Path, seed: int, share: float
) -> None:
    random = Random(seed)  # noqa: S311 - chooses where marks stand
    plans = [with_secrets(load(random.choice(SMALL)), random, share) for _ in range(15)]
    assert_silent(said(tmp_path, *plans))


def in_clear() -> dict[str, Any]:
    """A plan with secrets beside sensitive variables, and in places that are never shown."""
    task = json.dumps([{"name": "app", "image": f"registry.example/{CANARY}:latest"}])
    return document(
        [
            change(
                f'aws_s3_bucket.b["{CANARY}"]',
                after={"bucket": f"logs-{CANARY}", "tags": {"owner": CANARY}},
            ),
            change(
                "aws_ecs_task_definition.t",
                after={"container_definitions": task, "family": CANARY},
                private=CANARY,
            ),
            change("module.m.aws_cloudwatch_log_group.l", after={"name": f"/{CANARY}/x"}),
        ],
        {
            "variables": {"secret": {"sensitive": True, "default": CANARY}},
            "outputs": {"o": {"sensitive": True, "expression": constant(CANARY)}},
            "resources": [
                block("aws_s3_bucket.b", for_each_expression=references("var.secret")),
                block(
                    "aws_ecs_task_definition.t",
                    {"container_definitions": references("var.secret")},
                ),
            ],
            "module_calls": {
                "m": {
                    "expressions": {"token": constant(CANARY)},
                    "module": {
                        "variables": {"token": {"sensitive": True}},
                        "resources": [
                            block("aws_cloudwatch_log_group.l", {"name": references("var.token")})
                        ],
                    },
                }
            },
        },
        variables={"secret": {"value": [CANARY, {"pin": NUMBER}]}},
        output_changes={"o": {"actions": ["create"], "after": CANARY, "after_sensitive": True}},
        checks=[
            {
                "address": {"to_display": "check.c"},
                "status": "fail",
                "instances": [{"problems": [{"message": CANARY}]}],
            }
        ],
        prior_state={
            "values": {
                "outputs": {"o": {"sensitive": True, "value": CANARY}},
                "root_module": {
                    "resources": [
                        {
                            "address": "aws_db_instance.d",
                            "type": "aws_db_instance",
                            "name": "d",
                            "values": {"identifier": CANARY, "password": CANARY},
                            "sensitive_values": {"identifier": True, "password": True},
                        }
                    ]
                },
            }
        },
    )


def test_no_value_of_a_sensitive_variable_is_shown_even_where_no_mark_is(tmp_path: Path) -> None:
    plan = in_clear()
    plan["configuration"]["provider_config"] = {
        "aws": {"name": "aws", "expressions": {"secret_key": constant(CANARY)}}
    }
    texts = dict(said(tmp_path, plan))
    assert_silent(iter(texts.items()))
    addresses = {each["address"] for each in json.loads(texts["json"])["verdicts"]}
    assert 'aws_s3_bucket.b["(sensitive 1)"]' in addresses


@pytest.mark.parametrize("part", [{"errored": True}, {"complete": False}])
def test_an_errored_or_partial_plan_shows_nothing_secret_either(
    tmp_path: Path, part: dict[str, Any]
) -> None:
    assert_silent(said(tmp_path, in_clear() | part))


def test_instances_of_two_secret_keys_stay_two_addresses(tmp_path: Path) -> None:
    keys = (CANARY, f"{CANARY}x")
    plan = document(
        [change(f'aws_s3_bucket.b["{key}"]', after={"bucket": "b"}) for key in keys],
        {"variables": {"keys": {"sensitive": True}}},
        variables={"keys": {"value": list(keys)}},
    )
    verdicts = json.loads(dict(said(tmp_path, plan))["json"])["verdicts"]
    found = [each["address"] for each in verdicts if each["rule"] == "PS702"]
    assert found == ['aws_s3_bucket.b["(sensitive 1)"]', 'aws_s3_bucket.b["(sensitive 2)"]']


def test_keys_of_a_sensitive_map_are_shown_as_terraform_shows_them(tmp_path: Path) -> None:
    plan = document(
        [change('aws_s3_bucket.b["logging"]', after={"bucket": "b"})],
        {"variables": {"buckets": {"sensitive": True}}},
        variables={"buckets": {"value": {"logging": {"password": CANARY}}}},
    )
    verdicts = json.loads(dict(said(tmp_path, plan))["json"])["verdicts"]
    assert 'aws_s3_bucket.b["logging"]' in {each["address"] for each in verdicts}


def test_short_values_of_sensitive_variables_are_hidden_as_words(tmp_path: Path) -> None:
    plan = document(
        [change("aws_s3_bucket.b", after={"bucket": "logs-k9z", "force_destroy": False})],
        {"variables": {"suffix": {"sensitive": True}}},
        variables={"suffix": {"value": "k9z"}},
    )
    texts = dict(said(tmp_path, plan))
    assert [name for name, text in texts.items() if "k9z" in text] == []


def test_colour_and_width_show_nothing_more() -> None:
    plan = in_clear()
    graph = graph_of(
        plan["resource_changes"],
        plan["configuration"]["root_module"],
        variables=plan["variables"],
        prior_state=plan["prior_state"],
    )
    outcome = judge(graph, load_pack(built_in_pack()), Settings())
    assert outcome.judgements != ()
    assert_silent(
        (f"width {width}, colour {colour}", render_text(outcome, 1, width=width, colour=colour))
        for width in (40, 60, 120)
        for colour in (False, True)
    )


def test_a_rule_that_crashes_on_a_secret_does_not_tell_it(tmp_path: Path) -> None:
    leaking = (
        "from policyscan.rule import Rule, Severity\n"
        'RULE = Rule("XX200", "leaking", "TEST", Severity.LOW, "t", ("aws_s3_bucket",))\n'
        "def check(platform, parameters):\n"
        f"    raise KeyError({CANARY!r})\n"
        "    yield\n"
    )
    pack = load_pack(write_pack(tmp_path, leaking=leaking))
    outcome = judge(graph_of([change("aws_s3_bucket.b")]), pack, Settings())
    assert outcome.errors == (
        "XX200 leaking crashed and judged nothing: KeyError at leaking.py, line 18 (leaking.py)",
    )
    assert_silent(iter([("text", render_text(outcome, outcome.exit_code("high")))]))


def test_a_bug_of_ours_does_not_tell_what_it_fell_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_name: str) -> bytes:
        raise ValueError(CANARY)

    monkeypatch.setattr("policyscan.cli.inputs.read_bytes", broken)
    assert run(["plan.json"]) == 2
    printed = capsys.readouterr()
    assert "internal error" in printed.err
    assert_silent(iter([("stderr", printed.err), ("stdout", printed.out)]))


BROKEN_PLACES = [
    ('"after": {', f'"after": {{"{CANARY}": 1, "{CANARY}": 2, '),
    ('"actions": ["create"]', f'"actions": ["{CANARY}"]'),
    ('"mode": "managed"', f'"mode": "{CANARY}"'),
    ('"after_sensitive": false', f'"after_sensitive": {{"{CANARY}": "{CANARY}"}}'),
    ('"value": ', f'"value": {CANARY}, "x": '),
    ('"default": ', f'"default": "{CANARY}\\ud800", "x": '),
    ('"default": ', f'"default": NaN, "{CANARY}": '),
    ('"format_version": "1.2"', f'"format_version": "{CANARY}"'),
]


@pytest.mark.parametrize(("old", "new"), BROKEN_PLACES)
def test_a_refusal_does_not_quote_the_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    text = json.dumps(in_clear())
    assert old in text
    path = tmp_path / "plan.json"
    path.write_text(text.replace(old, new, 1))
    assert run([str(path)]) == 2
    printed = capsys.readouterr()
    assert len(printed.err.splitlines()) == 1
    assert_silent(iter([("stderr", printed.err), ("stdout", printed.out)]))


@pytest.mark.parametrize("form", GRAPH_FORMATS)
def test_the_graph_shows_no_secret_instance_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    inner = f'module.m["{CANARY}"].aws_vpc.v'
    outer = f'aws_subnet.s["{CANARY}"]'
    plan = document(
        [change(inner), change(outer, unknown={"vpc_id": True})],
        {
            "resources": [block("aws_subnet.s", {"vpc_id": references("module.m.id")})],
            "module_calls": {
                "m": {
                    "module": {
                        "resources": [block("aws_vpc.v")],
                        "outputs": {"id": {"expression": references("aws_vpc.v.id")}},
                    }
                }
            },
            "variables": {"key": {"sensitive": True}},
        },
        variables={"key": {"value": CANARY}},
    )
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    assert run(["graph", str(path), "-f", form, "--no-source"]) == 0
    printed = capsys.readouterr()
    assert "sensitive 1" in printed.out
    assert_silent(iter([("stderr", printed.err), ("stdout", printed.out)]))


@pytest.mark.parametrize("form", GRAPH_FORMATS)
def test_the_graph_shows_no_attribute_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    plan = with_secrets(load(ROOT / "fixtures" / "reference" / "plan.json"), Random(2), 1)  # noqa: S311
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    assert run(["graph", str(path), "-f", form, "--no-source"]) == 0
    printed = capsys.readouterr()
    assert_silent(iter([("stderr", printed.err), ("stdout", printed.out)]))
