"""The content of a plan -> the rows of the tables it fills."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from policyscan.engine import (
    Before,
    CheckovState,
    Judgement,
    Outcome,
    PackRule,
    Settings,
    WaiverTerms,
    apply_waivers,
    judge,
    without_guesses,
)
from policyscan.engine.baseline import Baseline
from policyscan.errors import PolicyscanError, crash_site
from policyscan.fleet.ending import Ending
from policyscan.graph import ResourceGraph
from policyscan.plan import kind_of, read_plan
from policyscan.plan.decode import plain_json, printable_name, unpacked
from policyscan.rule import Severity, Verdict

if TYPE_CHECKING:
    from policyscan.bridges.beside import Beside

Row = Mapping[str, Any]
"""Values by the names of a table's columns; without those that all rows of a plan share."""

CANNOT_JUDGE: Final = 2
"""The exit code of what cannot be judged."""
_KEY: Final = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[^]]*)\]')
"""The key of an instance in its address."""
_DEFAULT_KEPT: Final = frozenset({Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR})


class Judged(Struct, frozen=True):
    """What becomes of a plan: its row, and those of its findings.

    `is_unchanged`: it is as it was, by its digest, so that it was not judged again.
    """

    plan: Row
    verdicts: tuple[Row, ...] = ()
    is_unchanged: bool = False


class How(Struct, frozen=True):
    """How plans are judged in one process."""

    pack: tuple[PackRule, ...]
    settings: Settings
    terms: WaiverTerms
    checkov: Beside
    baseline: Baseline | None = None
    keeps_all: bool = False
    largest: int = 0

    def judged(self, name: str, content: bytes, known: str | None = None) -> Judged:
        """Judge a plan, unless it is the one of the digest that is known. Raises MemoryError."""
        began = time.monotonic()
        row: dict[str, Any] = {"bytes": len(content)}
        verdicts: tuple[Row, ...] = ()
        try:
            plain = unpacked(content, name, limit=self.largest)
            row["sha256"] = hashlib.sha256(plain).hexdigest()
            if row["sha256"] == known:
                return Judged(row, is_unchanged=True)
            outcome = self._outcome(name, plain)
            row |= _plan_row(outcome, self.settings.fail_on, name)
            verdicts = tuple(self._verdict_rows(outcome))
        except PolicyscanError as problem:
            row |= failed(_without_name(str(problem), name), row)
        except Exception as problem:
            if isinstance(problem, MemoryError):
                raise
            row |= failed(f"internal error, please report it: {crash_site(problem)}", row)
        row["seconds"] = time.monotonic() - began
        row["scanned_at"] = datetime.now(UTC)
        return Judged(row, verdicts)

    def _outcome(self, name: str, content: bytes) -> Outcome:
        with ExitStack() as working:
            plain = plain_json(content, name) if self.checkov.checkov else content
            running = self.checkov.start(plain, working)
            plan = read_plan(content, name)
            before = Before(plan, self.pack, self.settings)
            outcome = judge(ResourceGraph(plan), self.pack, self.settings, before)
            outcome = without_guesses(self.checkov.joined(outcome, running, plain))
        outcome = apply_waivers(outcome, self.terms)
        return self.baseline.applied(outcome) if self.baseline else outcome

    def _verdict_rows(self, outcome: Outcome) -> Iterator[Row]:
        for each in outcome.all_judgements:
            if self.keeps_all or each.verdict in _DEFAULT_KEPT:
                yield _verdict_row(each, outcome.platform.plan.name)


def failed(reason: str, known: Row | None = None) -> dict[str, Any]:
    """The row of a plan that could not be judged, with what is known of it."""
    counts = dict.fromkeys(
        ("resources", "passed", "failed", "unknown", "not_applicable", "errors", "waived"), 0
    )
    return {
        "bytes": None,
        "sha256": None,
        **(known or {}),
        "outcome": str(Ending.FAILED),
        "reason": _line(reason),
        "exit_code": CANNOT_JUDGE,
        "kind": None,
        "format_version": None,
        "terraform_version": None,
        **counts,
        **{str(severity): 0 for severity in Severity},
        "checkov": str(CheckovState.LEFT_OUT),
        "checkov_failed": 0,
        "seconds": 0.0,
        "scanned_at": datetime.now(UTC),
    }


def _plan_row(outcome: Outcome, fail_on: str, name: str) -> Row:
    plan, counts = outcome.platform.plan, outcome.counts()
    code = outcome.exit_code(fail_on)
    is_judged = code != CANNOT_JUDGE
    worst = Counter(
        each.severity
        for each in outcome.judgements
        if each.verdict is Verdict.FAIL and each.waiver is None
    )
    return {
        "outcome": str(Ending.SCANNED if is_judged else Ending.INCONCLUSIVE),
        "reason": None if is_judged else _reason(outcome.errors, name),
        "exit_code": code,
        "kind": str(kind_of(plan)),
        "format_version": plan.format_version,
        "terraform_version": plan.terraform_version,
        "resources": len(plan.resources),
        "passed": counts[Verdict.PASS],
        "failed": counts[Verdict.FAIL],
        "unknown": counts[Verdict.UNKNOWN],
        "not_applicable": counts[Verdict.NA],
        "errors": counts[Verdict.ERROR],
        "waived": sum(each.waiver is not None for each in outcome.all_judgements),
        **{str(severity): worst[severity] for severity in Severity},
        "checkov": str(outcome.checkov.state),
        "checkov_failed": _checkov_failed(outcome),
    }


def _checkov_failed(outcome: Outcome) -> int:
    """Each problem once: what a rule of ours finds too is counted with ours."""
    own = {each.key for each in outcome.judgements if each.verdict is Verdict.FAIL and each.counts}
    return sum(
        each.verdict is Verdict.FAIL and not each.is_overruled and each.shared not in own
        for each in outcome.checkov.judgements
    )


def _verdict_row(judgement: Judgement, name: str) -> Row:
    finding = judgement.finding
    is_checkov = judgement.checkov is not None
    return {
        "tool": "checkov" if is_checkov else "policyscan",
        "rule": judgement.rule.id,
        "name": judgement.rule.name,
        "group": judgement.rule.group,
        "severity": str(judgement.severity),
        "address": finding.address,
        "type": _type(finding.address),
        "verdict": str(finding.verdict),
        "confidence": str(finding.certainty),
        "message": _without_name(finding.message, name),
        "fix": finding.fix or None,
        "cause": finding.cause or None,
        "new": judgement.is_new,
        "waived": judgement.waiver is not None,
        "in_baseline": judgement.is_in_baseline,
    }


def _type(address: str) -> str | None:
    """The type of what stands at an address. Example: `module.m["a"].aws_subnet.b[0]`."""
    names = _KEY.sub("", address).split(".")
    return names[-2] if len(names) > 1 else None


def _reason(errors: tuple[str, ...], name: str) -> str:
    first = _without_name(errors[0], name) if errors else "no verdict was reached"
    more = len(errors) - 1
    return _line(f"{first} (and {more} more)" if more > 0 else first)


def _without_name(message: str, name: str) -> str:
    """A message without the name of the plan, which stands in a column of its own."""
    return message.removeprefix(f"{printable_name(name)}: ").removeprefix(f"{name}: ")


def _line(text: str) -> str:
    return " ".join(text.split())
