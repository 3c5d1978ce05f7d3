"""What is to be known about a plan, such as what was made up in it, stands in every report."""

from __future__ import annotations

import json
from html import unescape
from urllib.parse import unquote

import pytest
from msgspec.structs import replace

from policyscan.engine import Judgement
from policyscan.report.formats import FORMATS, rendered
from policyscan.report.gitlab_report import render_gitlab
from policyscan.report.junit_report import render_junit
from policyscan.report.scans import Report
from tests.report.samples import PUSHED, failed, outcome_of, report_of, scan_of

WARNING = "the answers of data.aws_vpc.main are stand-ins; give what they find with --data <FILE>"


def warned() -> Report:
    outcome = replace(outcome_of([Judgement(PUSHED, failed())]), warnings=(WARNING,))
    return report_of(scan_of(outcome, "plan.json"))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_a_warning(name: str) -> None:
    text = unescape(unquote(rendered(name, warned())))
    for escaped, plain in (
        ("\\u003c", "<"),
        ("\\u003e", ">"),
        ("\\<", "<"),
        ("\\>", ">"),
        ("`", ""),
    ):
        text = text.replace(escaped, plain)
    assert WARNING in " ".join(text.replace("\\", "").split())


def test_a_warning_is_no_problem() -> None:
    entries = json.loads(render_gitlab(warned()))
    assert [(each["check_name"], each["severity"]) for each in entries] == [
        ("PS101", "blocker"),
        ("about-the-plan", "info"),
    ]
    assert 'tests="1" failures="1" errors="0"' in render_junit(warned())
    lines = rendered("concise", warned()).splitlines()
    assert lines[-2:] == [
        f"plan.json:1: warning: {WARNING}",
        "plan.json: FAIL: 1 critical",
    ]
