"""JUnit XML: a suite for each plan, a case for each rule and instance.

It keeps to what the schemas of Jenkins have in common, whatever their age: texts of skipped cases
stand in the element, and nothing has an attribute of a newer tool.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from policyscan.engine import Judgement
from policyscan.report.problems import Problem, problems_of, title_of, told
from policyscan.report.safe import clipped, inert, plain_lines
from policyscan.report.scans import Report, Scan
from policyscan.report.screen import plain
from policyscan.report.text_report import answer
from policyscan.rule import Verdict

_TOLD: Final = (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN)


class _Case(Struct, frozen=True):
    """A case and what became of it: "" for passed, else `failure`, `error` or `skipped`."""

    group: str
    name: str
    became: str = ""
    kind: str = ""
    message: str = ""
    text: str = ""

    @property
    def xml(self) -> str:
        """The element."""
        start = f"<testcase classname={_attribute(self.group)} name={_attribute(self.name)}"
        if not self.became:
            return f"{start}/>"
        about = (
            f" type={_attribute(self.kind)} message={_attribute(self.message)}" if self.kind else ""
        )
        inner = f"<{self.became}{about}>{_text(self.text)}</{self.became}>"
        return f"{start}>{inner}</testcase>"


def render_junit(report: Report) -> str:
    """The XML document."""
    suites = [(scan, list(_cases(report, scan))) for scan in report.scans]
    every = [case for _, cases in suites for case in cases]
    body = "\n".join(
        f"<testsuite name={_attribute(scan.name)} {_counted(cases)}>\n"
        + "".join(f"{case.xml}\n" for case in cases)
        + _warnings(scan)
        + "</testsuite>"
        for scan, cases in suites
    )
    became = Counter(case.became for case in every)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="policyscan" tests="{len(every)}" failures="{became["failure"]}" '
        f'errors="{became["error"]}">\n{body}\n</testsuites>\n'
    )


def _counted(cases: list[_Case]) -> str:
    became = Counter(case.became for case in cases)
    return (
        f'tests="{len(cases)}" failures="{became["failure"]}" errors="{became["error"]}" '
        f'skipped="{became["skipped"]}"'
    )


def _cases(report: Report, scan: Scan) -> Iterator[_Case]:
    for number, error in enumerate(scan.errors, 1):
        yield _Case("policyscan", f"judged {number}", "error", "not-judged", error, error)
    if scan.outcome is None:
        return
    problems = {id(one.judgement): one for one in problems_of(report, scan)}
    for each in scan.outcome.all_judgements:
        problem = problems.get(id(each))
        # What Checkov finds as well is told with ours.
        if each.verdict in _TOLD and (problem or not _is_told_elsewhere(each)):
            yield _case(each, problem)


def _warnings(scan: Scan) -> str:
    """What to know about the plan, as what its tests would have printed."""
    text = "\n".join(f"warning: {each}" for each in scan.warnings)
    return f"<system-out>{_text(text)}</system-out>\n" if text else ""


def _is_told_elsewhere(judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.FAIL and judgement.counts


def _case(judgement: Judgement, problem: Problem | None) -> _Case:
    finding = judgement.finding
    group = f"policyscan.{title_of(judgement.rule).replace(' ', '-')}"
    if problem is not None and problem.is_gated:
        place = f"{problem.place.file}:{problem.place.line}"
        text = "\n\n".join((place, *told(problem), *filter(None, [finding.snippet])))
        severity = str(judgement.severity)
        return _Case(group, finding.address, "failure", severity, finding.message, text)
    if judgement.verdict is Verdict.PASS:
        return _Case(group, finding.address)
    if judgement.waiver is not None:
        why = f"waived {answer(judgement.waiver)}"
    elif judgement.checkov is not None and judgement.checkov.conflict is not None:
        conflict = judgement.checkov.conflict
        why = f"overruled by {conflict.rule}: {conflict.why}"
    elif judgement.verdict is Verdict.FAIL:
        where = "in the baseline" if judgement.is_in_baseline else "standing"
        why = f"{where}: {finding.message}"
    else:
        why = f"not decided: {finding.message}"
    return _Case(group, finding.address, "skipped", text=why)


def _attribute(text: str) -> str:
    return inert(quoteattr(clipped(plain(text.replace("\n", " ")))), _entity)


def _text(text: str) -> str:
    return inert(escape(clipped(plain_lines(text))), _entity)


def _entity(character: str) -> str:
    return f"&#{ord(character)};"
