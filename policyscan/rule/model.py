"""What a rule is and what it can say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from policyscan.rule.beside import Agrees, Opposes
from policyscan.rule.parameter import Parameter

if TYPE_CHECKING:
    from policyscan.rule.platform import Platform


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    def reaches(self, threshold: Severity) -> bool:
        """Whether this is as bad as the threshold, or worse."""
        order = list(Severity)
        return order.index(self) <= order.index(threshold)


class Verdict(StrEnum):
    """What a rule says of one address."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NA = "na"
    ERROR = "error"


class Certainty(StrEnum):
    """Proven: known values or a complete chain of references. Inferred: the likeliest reading."""

    PROVEN = "proven"
    INFERRED = "inferred"


class Phase(StrEnum):
    """When a failure strikes."""

    PLAN = "plan"
    APPLY = "apply"
    TASK_START = "task start"
    RUNTIME = "runtime"
    DESTROY = "destroy"


class Step(Struct, frozen=True):
    """One step of a verdict's evidence: this attribute of this address, and what it shows."""

    address: str
    attribute: str = ""
    note: str = ""


class Level(StrEnum):
    """How much a note matters; a note never makes a verdict fail."""

    INFO = "info"
    WARNING = "warning"


class Note(Struct, frozen=True):
    """Something worth knowing beside the verdict."""

    level: Level
    text: str


class Finding(Struct, frozen=True):
    """A rule's verdict on one address.

    `severity` None is the rule's own. `cause` is what several findings may share, such as the
    address of the repository all of them wait for. `symptom` is what AWS will say or do. `at` is
    the attribute of the address that decides, where `path` does not go through it first. `fix` is
    what to do in a sentence or a few, `snippet` the HCL that does it (`policyscan.rule.snippet`).
    """

    address: str
    verdict: Verdict
    message: str
    certainty: Certainty = Certainty.PROVEN
    path: tuple[Step, ...] = ()
    notes: tuple[Note, ...] = ()
    fix: str = ""
    snippet: str = ""
    symptom: str = ""
    strikes: Phase | None = None
    cause: str = ""
    severity: Severity | None = None
    at: str = ""

    @property
    def leads(self) -> Iterator[tuple[Step, str]]:
        """Each step with the address it leads to, "" behind the last."""
        for step, following in zip_longest(self.path, self.path[1:]):
            yield step, following.address if following else ""

    @property
    def decisive(self) -> tuple[Step, str]:
        """The attribute of its own address that decides, as a step, and the address it leads to."""
        for step, leads_to in self.leads:
            if step.address == self.address and step.attribute and self.at in {"", step.attribute}:
                return step, leads_to
        return Step(self.address, self.at), ""


def passed(address: str, message: str, **details: Any) -> Finding:
    """The rule holds for this address."""
    return Finding(address, Verdict.PASS, message, **details)


def fail(address: str, message: str, **details: Any) -> Finding:
    """The rule is broken, with the evidence as `path` and how to mend it as `fix`."""
    return Finding(address, Verdict.FAIL, message, **details)


def undetermined(address: str, message: str, **details: Any) -> Finding:
    """The plan does not tell; the message names what is missing and what would resolve it."""
    return Finding(address, Verdict.UNKNOWN, message, **details)


def not_applicable(address: str, message: str, **details: Any) -> Finding:
    """The rule does not speak about this address."""
    return Finding(address, Verdict.NA, message, **details)


def worst(findings: Iterable[Finding]) -> Finding:
    """The finding that decides for all: a failure, else an unknown, else the least sure pass.

    Raises ValueError: there is none.
    """
    order = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NA)

    def rank(finding: Finding) -> tuple[int, bool]:
        is_proven = finding.certainty is Certainty.PROVEN
        is_bad = finding.verdict is Verdict.FAIL
        return order.index(finding.verdict), is_proven is not is_bad

    return min(findings, key=rank)


def weakest(*certainties: Certainty) -> Certainty:
    """Proven when all are."""
    is_proven = all(each is Certainty.PROVEN for each in certainties)
    return Certainty.PROVEN if is_proven else Certainty.INFERRED


def settle(address: str, judged: Iterable[tuple[Finding, bool]], why: str) -> Finding:
    """One finding of several, each with whether it is about something that is so for certain.

    What only may be so counts when all agree; `why` says what is not known otherwise.
    Raises ValueError: there is none.
    """
    pairs = tuple(judged)
    first = worst(finding for finding, _ in pairs)
    if len({finding.verdict for finding, _ in pairs}) == 1:
        return first
    sure = [finding for finding, is_sure in pairs if is_sure]
    if sure and worst(sure).verdict is first.verdict:
        return worst(sure)
    return undetermined(address, why, path=first.path, at=first.at)


Parameters = Mapping[str, Any]
Check = Callable[["Platform", Parameters], Iterator[Finding]]


class Rule(Struct, frozen=True):
    """A rule's constant part; its `check` function stands beside it in the same file.

    `title` says what holds when the rule passes. `types` are those of all resources it judges.
    `checkov` is what it has to do with checks of Checkov's.
    """

    id: str
    name: str
    group: str
    severity: Severity
    title: str
    types: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    checkov: tuple[Agrees | Opposes, ...] = ()
