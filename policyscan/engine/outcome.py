"""What a scan of one plan found, for reports to tell."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from policyscan.engine.gate import GATE
from policyscan.engine.redact import Redaction, nothing_secret
from policyscan.engine.waiver import Waiver
from policyscan.rule import Finding, Platform, Rule, Severity, Verdict

if TYPE_CHECKING:
    from policyscan.source import Span


Key = tuple[str, str]
"""The id of a rule or a check, and an address."""


def threshold(fail_on: str) -> Severity:
    """The least severity that fails a scan: with "unknown", that of scans which do not say."""
    return Severity.HIGH if fail_on == "unknown" else Severity(fail_on)


class Conflict(Struct, frozen=True):
    """Where the policy asks for the opposite of a check: `rule` is ours and wins, `why` says it."""

    rule: str
    why: str


class CheckovSays(Struct, frozen=True):
    """What only findings of Checkov have.

    `stock` is the verdict with Checkov's own edges, None where it gives none with them.
    `guideline` is a page to read on, "" where Checkov knows none. `shared_with` is the id of the
    rule of ours that finds the same problem at the same address.
    """

    stock: Verdict | None
    guideline: str = ""
    shared_with: str = ""
    conflict: Conflict | None = None


class Judgement(Struct, frozen=True):
    """A rule's finding on an address, with all that reports add to it.

    `span` is where the attribute that decides is written, and `steps` where those of each step of
    the finding's path are, their files as reports call them; None where the source is not at hand.
    Of a verdict that asks for no edit they are the whole blocks.
    `is_new`: this plan brings it, or so it must be taken. `is_in_baseline`: a baseline file lists
    it, so that it is not new whatever the plan does.
    `is_secret`: the resource holds sensitive values, so that its source is not to be shown.
    `waiver` is what overrules a failure. `checkov` is there where it is a finding of Checkov.
    """

    rule: Rule
    finding: Finding
    is_new: bool = True
    is_in_baseline: bool = False
    span: Span | None = None
    steps: tuple[Span | None, ...] = ()
    is_secret: bool = False
    waiver: Waiver | None = None
    checkov: CheckovSays | None = None

    @property
    def severity(self) -> Severity:
        """The finding's own severity, else the rule's."""
        return self.finding.severity or self.rule.severity

    @property
    def verdict(self) -> Verdict:
        """The finding's verdict."""
        return self.finding.verdict

    @property
    def key(self) -> Key:
        """What it is known by among those of its plan."""
        return self.rule.id, self.finding.address

    @property
    def shared(self) -> Key | None:
        """The key of the finding of ours that is the same problem, where there is one."""
        if self.checkov is None or not self.checkov.shared_with:
            return None
        return self.checkov.shared_with, self.finding.address

    @property
    def counts(self) -> bool:
        """Whether it may fail a scan: nobody accepted it, no rule of the policy overrules it."""
        return not self.is_overruled and not self.is_in_baseline

    @property
    def is_overruled(self) -> bool:
        """Whether somebody waived it, or a rule of the policy asks for the opposite."""
        return self.waiver is not None or bool(self.checkov and self.checkov.conflict)


class CheckovState(StrEnum):
    """What became of Checkov in a scan."""

    NOT_SET_UP = "not set up"
    LEFT_OUT = "left out"
    RAN = "ran"
    FAILED = "failed"


class CheckovReport(Struct, frozen=True):
    """What Checkov says of a plan: judgements as ours are, each with its `checkov`.

    `edges` is "corrected" or "stock", `note` what to know about how it was run.
    """

    state: CheckovState = CheckovState.NOT_SET_UP
    version: str = ""
    edges: str = ""
    judgements: tuple[Judgement, ...] = ()
    note: str = ""


class Replayed(Struct, frozen=True):
    """Whether the plan was judged with what a replay proves; `why` one that was due was not."""

    is_used: bool = False
    why: str = ""


class Outcome(Struct, frozen=True):
    """Everything a scan of one plan found; `errors` are what kept it from being judged.

    `redaction` knows what is secret in the plan. `fixed` are failures of the world before that are
    none after it. `changed_only`: only what is new may fail the scan.
    """

    platform: Platform
    judgements: tuple[Judgement, ...]
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    replay: Replayed = Replayed()
    checkov: CheckovReport = CheckovReport()
    redaction: Redaction = field(default_factory=nothing_secret)
    fixed: tuple[Judgement, ...] = ()
    changed_only: bool = False

    def redacted(self, text: str) -> str:
        """A text from elsewhere, such as the plan's source, without what is secret."""
        return self.redaction.text(text)

    def counts(self) -> Counter[Verdict]:
        """How many verdicts of each kind our rules gave."""
        return Counter([each.finding.verdict for each in self.judgements])

    @property
    def all_judgements(self) -> tuple[Judgement, ...]:
        """Ours, then those of Checkov."""
        return (*self.judgements, *self.checkov.judgements)

    @property
    def has_judged(self) -> bool:
        """Whether a rule gave a verdict on anything; a plan that nobody judged is not clean."""
        return any(
            each.rule is not GATE.rule and each.verdict is not Verdict.NA
            for each in self.all_judgements
        )

    def is_gated(self, judgement: Judgement) -> bool:
        """Whether a judgement may fail the scan, if its verdict does."""
        return not judgement.is_overruled and not self.is_set_aside(judgement)

    def is_set_aside(self, judgement: Judgement) -> bool:
        """Whether it was there already: in the baseline, or standing where only new ones matter."""
        return judgement.is_in_baseline or (self.changed_only and not judgement.is_new)

    def exit_code(self, fail_on: str) -> int:
        """0 clean, 1 findings at or above the threshold, 2 not evaluated, 3 nothing to scan."""
        if self.errors:
            return 2
        if not self.has_judged:
            return 3
        least = threshold(fail_on)
        for each in self.all_judgements:
            if each.verdict is Verdict.FAIL:
                is_failing = each.severity.reaches(least)
            else:
                is_failing = fail_on == "unknown" and each.verdict is Verdict.UNKNOWN
            if is_failing and self.is_gated(each):
                return 1
        return 0
