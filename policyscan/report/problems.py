"""What fails, each problem once and worst first, for every format that tells no more than that."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from policyscan.engine import CHECKOV, Judgement, Outcome, nothing_judged
from policyscan.report.scans import Place, Report, Scan
from policyscan.rule import Rule, Severity, Verdict

_SEVERITIES = list(Severity)


class Problem(Struct, frozen=True):
    """A failure that nobody waived and no rule of the policy overrules.

    `checks` are the ids of Checkov's checks that find the same problem at the same address.
    `fingerprint` stays as it is when lines move: it stands for rule, plan, address and attribute.
    """

    scan: Scan
    judgement: Judgement
    place: Place
    fingerprint: str
    checks: tuple[str, ...] = ()

    @property
    def is_gated(self) -> bool:
        """Whether it may fail the scan: it was not there already where only new ones may."""
        outcome = self.scan.outcome
        return outcome is not None and outcome.is_gated(self.judgement)

    @property
    def rank(self) -> tuple[int, bool, str, str]:
        """What orders problems: worst first, then those of this plan before standing ones."""
        one = self.judgement
        return (
            _SEVERITIES.index(one.severity),
            not one.is_new,
            one.rule.id,
            one.finding.address,
        )


def problems_of(report: Report, scan: Scan) -> tuple[Problem, ...]:
    """The problems of one plan."""
    if scan.outcome is None:
        return ()
    failed = [
        each for each in scan.outcome.all_judgements if each.verdict is Verdict.FAIL and each.counts
    ]
    own = {each.key for each in failed if each.checkov is None}
    checks: dict[tuple[str, str], list[str]] = {}
    told: list[Judgement] = []
    for each in failed:
        if each.shared is not None and each.shared in own:
            checks.setdefault(each.shared, []).append(each.rule.id)
        else:
            told.append(each)
    marks = _fingerprints(report.plan_file(scan), told)
    found = [
        Problem(
            scan,
            each,
            report.place(scan, each.span),
            mark,
            tuple(sorted(checks.get(each.key, ()))),
        )
        for each, mark in zip(told, marks, strict=True)
    ]
    return tuple(sorted(found, key=lambda problem: problem.rank))


class Group(Struct, frozen=True):
    """Problems of one rule and one root cause, the first of them to be told."""

    members: tuple[Problem, ...]

    @property
    def first(self) -> Problem:
        """The worst."""
        return self.members[0]


def groups_of(problems: Iterable[Problem]) -> list[Group]:
    """Problems by root cause, in their order."""
    found: dict[tuple[str, str, str], list[Problem]] = {}
    for each in problems:
        finding = each.judgement.finding
        cause = finding.cause or finding.address
        found.setdefault((each.scan.name, each.judgement.rule.id, cause), []).append(each)
    return [Group(tuple(members)) for members in found.values()]


Found = tuple[tuple[Scan, tuple[Problem, ...]], ...]
"""Every plan with its problems."""


def problems_by_plan(report: Report) -> Found:
    """The problems of each plan, in the order of the plans."""
    return tuple((scan, problems_of(report, scan)) for scan in report.scans)


def worst_first(found: Found) -> tuple[Problem, ...]:
    """The problems of all plans, the worst of any of them first."""
    every = (problem for _, problems in found for problem in problems)
    return tuple(sorted(every, key=lambda problem: problem.rank))


def gated(found: Found) -> Found:
    """Only the problems that may fail the scan."""
    return tuple((scan, tuple(one for one in some if one.is_gated)) for scan, some in found)


def title_of(rule: Rule) -> str:
    """A rule by id and name; the name of a check of Checkov is a sentence, which is its message."""
    return rule.id if rule.group == CHECKOV else f"{rule.id} {rule.name}"


def told(problem: Problem) -> Iterator[str]:
    """What happens and how to mend it, a paragraph each; the snippet is not among them."""
    finding = problem.judgement.finding
    yield finding.message
    if finding.symptom:
        when = f" at {finding.strikes}" if finding.strikes else ""
        yield f"AWS{when}: {finding.symptom}"
    if problem.checks:
        yield f"Checkov finds the same: {', '.join(problem.checks)}"
    if finding.fix:
        yield f"Fix: {finding.fix}"


def verdict_line(scan: Scan, problems: Iterable[Problem]) -> str:
    """What a plan comes to, in one line that starts with a word to look for."""
    outcome = scan.outcome
    if outcome is None or scan.exit_code == 2:  # noqa: PLR2004 - documented exit codes
        return "NOT JUDGED"
    if scan.exit_code == 3:  # noqa: PLR2004 - likewise
        return f"NOTHING TO SCAN: {nothing_judged(outcome.platform.plan)}"
    counts = Counter(one.judgement.severity for one in problems if one.is_gated)
    worst = ", ".join(f"{counts[each]} {each}" for each in Severity if counts[each])
    aside = "".join(f", {part}" for part in _aside(outcome))
    if scan.exit_code:
        return f"FAIL: {worst or 'undecided verdicts'}{aside}"
    return f"PASS: {f'{worst} (below the threshold)' if worst else 'nothing fails'}{aside}"


def _aside(outcome: Outcome) -> Iterator[str]:
    """What is no problem, and yet not passed."""
    aside: Counter[str] = Counter()
    for each in outcome.all_judgements:
        if each.verdict is Verdict.UNKNOWN and outcome.is_gated(each):
            aside["not decided"] += 1
        elif each.verdict is not Verdict.FAIL or outcome.is_gated(each):
            continue
        elif each.waiver is not None:
            aside["waived"] += 1
        elif each.is_overruled:
            aside["overruled"] += 1
        else:
            aside["in the baseline" if each.is_in_baseline else "standing"] += 1
    for word in ("not decided", "waived", "overruled", "in the baseline", "standing"):
        if aside[word]:
            yield f"{aside[word]} {word}"


def _fingerprints(plan: str, judgements: Iterable[Judgement]) -> Iterator[str]:
    """SHA-256 of what a finding is about, and which it is of those about the very same."""
    from hashlib import sha256  # noqa: PLC0415 - only some formats need it

    seen: Counter[str] = Counter()
    for each in judgements:
        step, _ = each.finding.decisive
        # JSON keeps the parts apart, whatever is in them.
        parts = json.dumps([each.rule.id, plan, each.finding.address, step.attribute])
        seen[parts] += 1
        yield sha256(f"{parts}{seen[parts]}".encode()).hexdigest()
