"""A rule as SARIF describes it."""

from __future__ import annotations

from typing import Any, Final

from policyscan.engine import CHECKOV, Judgement
from policyscan.report.problems import title_of
from policyscan.report.safe import clipped, plain_lines
from policyscan.report.screen import plain
from policyscan.rule import Rule, Severity

LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
_SCORES: Final = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.5",
}
"""The middle of what GitHub calls so."""
_SECURITY_RULES: Final = frozenset({"PS204", "PS210", "PS502", "PS503", "PS504", "PS603", "PS604"})
"""Whom the network lets in, what roles may do, where credentials and images come from. All other
rules are about what deploys, runs and is paid for: GitHub shows those by their level."""
_SECURITY_GROUPS: Final = frozenset({CHECKOV, "SECURITY"})
"""Groups of which every rule is about security; the second is for packs of other people."""


def sarif_rule(judgement: Judgement, page: str) -> dict[str, Any]:
    """The descriptor of a judgement's rule; `page` is its Markdown, "" where there is none."""
    rule = judgement.rule
    title = f"{plain(rule.title)}."
    described: dict[str, Any] = {
        "id": rule.id,
        "name": plain(rule.name),
        "shortDescription": {"text": f"{title_of(rule)}: {title}"},
        "fullDescription": {"text": title},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"tags": [rule.group.lower(), "terraform"]},
    }
    guideline = judgement.checkov.guideline if judgement.checkov else ""
    if guideline.startswith("https://"):
        described["helpUri"] = guideline
    text = plain_lines(page) or f"{title} {guideline}".strip()
    described["help"] = {"text": clipped(text, 10_000), "markdown": clipped(text, 10_000)}
    if is_security(rule):
        described["properties"]["tags"].append("security")
        described["properties"]["security-severity"] = _SCORES[rule.severity]
    return described


def is_security(rule: Rule) -> bool:
    """Whether GitHub is to show what the rule finds among security alerts."""
    return rule.id in _SECURITY_RULES or rule.group in _SECURITY_GROUPS
