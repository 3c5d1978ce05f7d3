"""Runs a pack over a platform: every rule, every address, one verdict each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from policyscan.engine.pack import PackRule
from policyscan.engine.settings import Settings
from policyscan.errors import PolicyscanError
from policyscan.graph import ResourceGraph
from policyscan.plan import Plan
from policyscan.rule import Certainty, Finding, Parameters, Platform, Rule, Severity, Verdict

PLAN_ADDRESS = "(plan)"
PLAN_GATE = Rule(
    id="PS001",
    name="plan-inconclusive",
    group="GATE",
    severity=Severity.CRITICAL,
    title="The plan is complete and free of errors",
    types=(),
)
"""The gate before all rules: what an errored or partial plan does not hold cannot be judged."""

_STANDING = {("no-op",), ("read",)}


@dataclass(frozen=True, slots=True)
class Span:
    """Where in the source an address is written: a path as the source folder was given."""

    file: str
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """A rule's finding on an address, with all that reports add to it."""

    rule: Rule
    finding: Finding
    is_new: bool = True
    span: Span | None = None

    @property
    def severity(self) -> Severity:
        """The finding's own severity, else the rule's."""
        return self.finding.severity or self.rule.severity

    @property
    def verdict(self) -> Verdict:
        """The finding's verdict."""
        return self.finding.verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything a scan of one plan found; `errors` are what kept it from being judged."""

    platform: Platform
    judgements: tuple[Judgement, ...]
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def counts(self) -> Counter[Verdict]:
        """How many verdicts of each kind."""
        return Counter(each.verdict for each in self.judgements)

    def exit_code(self, fail_on: str) -> int:
        """0 clean, 1 findings at or above the threshold, 2 not evaluated, 3 nothing to scan."""
        if self.errors:
            return 2
        if not self.platform.plan.resources:
            return 3
        threshold = Severity.HIGH if fail_on == "unknown" else Severity(fail_on)
        for each in self.judgements:
            if each.verdict is Verdict.FAIL and each.severity.reaches(threshold):
                return 1
            if fail_on == "unknown" and each.verdict is Verdict.UNKNOWN:
                return 1
        return 0


def judge(graph: ResourceGraph, pack: tuple[PackRule, ...], settings: Settings) -> Outcome:
    """Run the chosen rules. A rule that crashes is an error verdict and an error of the scan."""
    platform = Platform(graph)
    parameters = settings.parameters(pack)
    gate_error = _gate_error(platform.plan)
    errors = [gate_error] if gate_error else []
    judgements = [_gate(gate_error)]
    for each in settings.chosen(pack):
        findings, problem = _run(each, platform, parameters[each.rule.id])
        judgements.extend(_judgement(each.rule, finding, platform) for finding in findings)
        if problem:
            errors.append(problem)
    judgements.sort(key=lambda one: (one.rule.id, one.finding.address))
    return Outcome(platform, tuple(judgements), tuple(errors), platform.plan.warnings)


def _gate_error(plan: Plan) -> str:
    """Why a plan is only a part, "" when it is whole."""
    if plan.is_errored:
        return f"{plan.name}: planning ended with an error, so this plan is only a part: plan again"
    if not plan.is_complete:
        return (
            f"{plan.name}: this plan is incomplete (targeted, or with deferred changes): plan "
            "without -target"
        )
    return ""


def _gate(error: str) -> Judgement:
    if error:
        finding = Finding(PLAN_ADDRESS, Verdict.ERROR, error)
    else:
        finding = Finding(PLAN_ADDRESS, Verdict.PASS, "the plan is complete")
    return Judgement(PLAN_GATE, finding)


def _run(
    rule: PackRule, platform: Platform, parameters: Parameters
) -> tuple[tuple[Finding, ...], str]:
    found: dict[str, Finding] = {}
    try:
        for finding in rule.check(platform, parameters):
            if finding.address in found:
                raise ValueError(f"gave two verdicts on {finding.address}")  # noqa: TRY301
            found[finding.address] = finding
    except PolicyscanError:
        # Broken source shows when a rule first looks at it; that is the input's fault.
        raise
    except Exception as problem:  # noqa: BLE001 - the one place that keeps a rule from hiding itself
        what = f"{type(problem).__name__}: {problem}".splitlines()[0]
        message = f"{rule.rule.id} {rule.rule.name} crashed and judged nothing: {what}"
        crash = Finding(PLAN_ADDRESS, Verdict.ERROR, message, Certainty.PROVEN)
        return (crash,), f"{message} ({rule.path.name})"
    return tuple(found.values()), ""


def _judgement(rule: Rule, finding: Finding, platform: Platform) -> Judgement:
    resource = platform.graph.resource(finding.address)
    if resource is None:
        return Judgement(rule, finding)
    written = platform.graph.written
    block = written.block(resource.module_path, resource.config_address)
    span = None
    if block is not None:
        span = Span(written.path_of(block.span.file), block.span.line, block.span.end_line)
    is_standing = resource.actions in _STANDING and not resource.is_deferred
    return Judgement(rule, finding, not is_standing, span)
