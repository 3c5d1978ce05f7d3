"""Loading packs: what is wrong with rule files is told at once, and what is right works."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from policyscan.engine import Settings, built_in_pack, judge, load_pack
from policyscan.errors import PackError
from policyscan.rule import Severity
from tests.packs import PAGE, write_pack
from tests.plans import change, graph_of

RULE = """
from policyscan.rule import Agrees, Opposes, Parameter, Rule, Severity, When, passed

RULE = Rule(
    id="XX100",
    name="bucket-missing",
    group="TEST",
    severity=Severity.LOW,
    title="A bucket is there",
    types=("aws_s3_bucket",),
    parameters=(),
)


def check(platform, parameters):
    for bucket in platform.graph.of_type("aws_s3_bucket"):
        yield passed(bucket.address, "it is there")
"""


LOGS = "parameters=(Parameter('logs', 'yes', 'd', choices=('yes', 'no')),)"
LEVELS = [f"Severity.{level.name}" for level in Severity]


def problems(*folders: Path) -> list[str]:
    """What is wrong with packs, the folder of the first left out."""
    with pytest.raises(PackError) as refused:
        load_pack(*folders)
    return [line.replace(f"{folders[0]}/", "") for line in refused.value.lines]


def test_a_rule_that_keeps_the_contract_is_loaded(tmp_path: Path) -> None:
    [loaded] = load_pack(write_pack(tmp_path, good=RULE))
    assert (loaded.rule.id, loaded.path) == ("XX100", tmp_path / "good.py")
    assert loaded.page.startswith("A bucket must be there.")


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("", "def broken(:\n", "16: SyntaxError: invalid syntax"),
        ("RULE = Rule(", "RULE = Rule(LOST,", "18: NameError: name 'LOST' is not defined"),
        ("Severity.LOW", "Severity.TERRIBLE", "22: AttributeError: .*TERRIBLE"),
        ("Severity.LOW", '"low"', "22: 'low' is no severity; there are Severity.CRITICAL, "),
        ('"XX100"', '"xx1"', "19: 'xx1' is no rule id"),
        ('"XX100"', "None", "19: None is no rule id"),
        ('"XX100"', '"PS001"', "19: PS001 is already the id of the check of the plan itself"),
        ('"bucket-missing"', '"BucketMissing"', "20: 'BucketMissing' is no rule name"),
        ('"TEST"', '""', "21: '' is no group"),
        ('"A bucket is there"', '""', "23: '' is no title"),
        ('("aws_s3_bucket",)', '("aws_s3_bucket")', "24: 'aws_s3_bucket' is no tuple"),
        ('("aws_s3_bucket",)', '("bucket",)', "24: 'bucket' is no resource type"),
        ("parameters=()", 'parameters=("days",)', "25: .* is no tuple of Parameter"),
        (
            "parameters=()",
            'parameters=(Parameter("days", None, "d"),)',
            "25: ConfigError: the default of days is of type NoneType, not a number, a text",
        ),
        (
            "parameters=()",
            'parameters=(Parameter("on", True, "d"),)',
            "25: ConfigError: the default of on is of type bool",
        ),
        (
            "parameters=()",
            'parameters=(Parameter("days", 3, "d", choices=(1, 2)),)',
            "25: ConfigError: 3 is not one of 1, 2",
        ),
        (
            "parameters=()",
            'parameters=(Parameter("a b", 1, "d"),)',
            "25: 'a b' is no name of a parameter",
        ),
        ("parameters=()", 'checkov=("CKV_AWS_18",)', "25: .* is no tuple of Agrees"),
        (
            "parameters=()",
            'checkov=(Agrees("AWS_18", "logs"),)',
            "25: 'AWS_18' is no check of Checkov",
        ),
        (
            "parameters=()",
            'checkov=(Opposes("CKV_AWS_18", ""),)',
            "25: CKV_AWS_18: say in one line what is wanted, not ''",
        ),
        (
            "parameters=()",
            'checkov=(Opposes("CKV_AWS_18", "no logs", when=When("logs", ("no",))),)',
            r"25: CKV_AWS_18: When\(.* is no tuple of When",
        ),
        (
            "parameters=()",
            'checkov=(Opposes("CKV_AWS_18", "no logs", when=(When("logs", ("no",)),)),)',
            "25: CKV_AWS_18: the rule has no parameter 'logs'",
        ),
        (
            "parameters=()",
            f"{LOGS}, checkov=(Agrees('CKV_AWS_18', 'logs', when=(When('logs', 'yes'),)),)",
            "25: CKV_AWS_18: 'yes' is no tuple of values of logs",
        ),
        (
            "parameters=()",
            f"{LOGS}, checkov=(Agrees('CKV_AWS_18', 'logs', when=(When('logs', ('on',)),)),)",
            '25: CKV_AWS_18: logs: "on" is not one of yes, no',
        ),
        ("def check(", "def judge(", "18: no check: write"),
        ("(platform, parameters):", "(platform):", r"29: check\(platform\) is called as check\("),
        ("RULE = Rule(", "RULES = Rule(", "1: RULE must be a Rule, not missing"),
        ("def check(", "raise SystemExit(3)\ndef check(", "29: SystemExit: 3"),
    ],
)
def test_what_breaks_the_contract_is_told_with_file_and_line(
    tmp_path: Path, written: str, instead: str, said: str
) -> None:
    text = RULE.replace(written, instead, 1) if written else RULE.replace("\n", f"\n{instead}", 1)
    found = problems(write_pack(tmp_path, rule=text))
    assert len(found) == 1
    assert re.match(f"rule.py:{said}", found[0])


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ('""""""', "no docstring: it is the rule's page, with ## Why, ## Fix, "),
        (PAGE.replace("## Why", "## Because"), "the docstring lacks ## Why"),
        (PAGE.replace("## Why", "## Source"), "the docstring lacks ## Why"),
        (PAGE.replace("None.", "None.\n\n## Why\nTwice."), "the docstring's sections go ## Why,"),
    ],
)
def test_a_page_has_all_its_sections(tmp_path: Path, page: str, said: str) -> None:
    [found] = problems(write_pack(tmp_path, rule=page + RULE))
    assert re.match(r"rule.py:\d+: ", found)
    assert said in found


def test_all_problems_of_all_files_of_all_packs_are_told_at_once(tmp_path: Path) -> None:
    wrong = RULE.replace("Severity.LOW", "3").replace('"TEST"', "None")
    one = write_pack(tmp_path / "one", good=RULE, wrong=wrong, worse="def (\n")
    two = write_pack(tmp_path / "two", good=RULE.replace("bucket-missing", "bucket-gone"))
    assert problems(one, two, tmp_path / "none") == [
        f"{tmp_path}/none: no such folder of rules",
        "worse.py:15: SyntaxError: invalid syntax",
        "wrong.py:21: None is no group: a word in capitals, such as NET",
        f"wrong.py:22: 3 is no severity; there are {', '.join(LEVELS)}",
        "wrong.py:19: XX100 is already the id of good.py",
        "wrong.py:20: bucket-missing is already the name of good.py",
        f"{two}/good.py:19: XX100 is already the id of good.py",
    ]


def test_a_pack_may_not_take_a_name_of_the_built_in_one(tmp_path: Path) -> None:
    own = write_pack(tmp_path, own=RULE.replace("bucket-missing", "image-not-pushed"))
    [found] = problems(own, built_in_pack())[:1]
    assert found.endswith("image-not-pushed is already the name of own.py")


def test_files_of_equal_names_in_two_packs_do_not_clash(tmp_path: Path) -> None:
    other = RULE.replace("XX100", "YY100").replace("bucket-missing", "bucket-gone")
    one, two = write_pack(tmp_path / "one", rule=RULE), write_pack(tmp_path / "two", rule=other)
    loaded = load_pack(one, two)
    assert [each.rule.id for each in loaded] == ["XX100", "YY100"]
    assert [sys.modules[each.check.__module__].RULE for each in loaded] == [
        each.rule for each in loaded
    ]


def test_a_pack_given_twice_or_inside_another_is_loaded_once(tmp_path: Path) -> None:
    inner = write_pack(tmp_path / "outer" / "inner", rule=RULE)
    (tmp_path / "link").symlink_to(inner)
    assert len(load_pack(tmp_path / "outer", inner, inner, tmp_path / "link")) == 1


def test_a_broken_file_met_twice_is_told_once(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "outer" / "inner", rule="LOST\n")
    assert len(problems(tmp_path / "outer", folder)) == 1


def test_the_line_of_a_field_is_that_of_the_rule_and_not_of_its_page(tmp_path: Path) -> None:
    page = PAGE.replace("It is missed.", "    severity = LOW")
    [found] = problems(write_pack(tmp_path, rule=page + RULE.replace("Severity.LOW", "3")))
    assert found.startswith("rule.py:22: 3 is no severity")


def test_a_rule_file_may_define_dataclasses(tmp_path: Path) -> None:
    text = RULE.replace(
        "def check(",
        "@dataclass(frozen=True)\nclass Bucket:\n    name: str\n    also: ClassVar[int] = 1\n\n\n"
        "def check(",
    ).replace("yield passed(bucket.address", "yield passed(Bucket(bucket.address).name")
    header = (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\nfrom typing import ClassVar\n"
    )
    loaded = load_pack(write_pack(tmp_path, rule=header + text))
    outcome = judge(graph_of([change("aws_s3_bucket.b")]), loaded, Settings(select=("XX100",)))
    assert (outcome.errors, outcome.judgements[-1].finding.address) == ((), "aws_s3_bucket.b")


def test_a_broken_file_leaves_no_module_behind(tmp_path: Path) -> None:
    before = set(sys.modules)
    problems(write_pack(tmp_path, rule="LOST\n"))
    assert set(sys.modules) == before


def test_what_is_hidden_or_no_rule_is_left_alone(tmp_path: Path) -> None:
    folder = write_pack(tmp_path, rule=RULE, constants="DAYS = 7\n")
    write_pack(folder / ".venv", broken="def (\n")
    (folder / "README.md").write_text("def (\n")
    assert len(load_pack(folder)) == 1


def test_what_lies_among_the_profiles_of_a_pack_is_no_rule(tmp_path: Path) -> None:
    folder = write_pack(tmp_path, rule=RULE)
    write_pack(folder / "profiles", broken="def (\n")
    (folder / "profiles" / "shop.yaml").write_text("definition: [\n")
    assert len(load_pack(folder)) == 1
    write_pack(folder / "inner" / "profiles", broken="def (\n")
    assert problems(folder) == ["inner/profiles/broken.py:15: SyntaxError: invalid syntax"]
