"""The JSON report: stable names, every verdict, the contract other tools build on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, to_builtins
from msgspec import json as quick

from policyscan import __version__
from policyscan.engine import (
    CheckovReport,
    CheckovSays,
    CheckovState,
    Judgement,
    Outcome,
    Waiver,
    nothing_judged,
)
from policyscan.plan import kind_of
from policyscan.rule import Certainty, Note, Phase, Severity, Verdict

if TYPE_CHECKING:
    from policyscan.source import Span

SCHEMA_VERSION = "1"
_OUTCOMES = {0: "pass", 1: "fail", 2: "not-judged", 3: "nothing-to-scan"}


def json_document(outcome: Outcome, exit_code: int) -> dict[str, Any]:
    """One plan's report as what JSON is made of, what may be long as iterators of it."""
    plan = outcome.platform.plan
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": _tool(outcome.checkov),
        "plan": {
            "path": plan.name,
            "format_version": plan.format_version,
            "terraform_version": plan.terraform_version,
            "kind": str(kind_of(plan)),
            "resources": len(plan.resources),
            "sha256": plan.sha256,
            "offline": {
                "stand_ins": list(plan.offline.stand_ins),
                "imported": list(plan.offline.imported),
                "schema_only": list(plan.offline.schema_only),
                "simulated": plan.offline.is_simulated,
            },
        },
        "summary": _summary(outcome, exit_code),
        "verdicts": map(_verdict, outcome.judgements),
        "checkov": map(_checkov_verdict, outcome.checkov.judgements),
        "fixed": map(brief_document, outcome.fixed),
        "errors": list(outcome.errors),
        "warnings": list(outcome.warnings),
    }


def refused_document(name: str, error: str, exit_code: int) -> dict[str, Any]:
    """The report of a plan that could not be read: what could not be known is null or none."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": _tool(CheckovReport()),
        "plan": {
            "path": name,
            "format_version": None,
            "terraform_version": None,
            "kind": None,
            "resources": 0,
            "sha256": None,
            "offline": None,
        },
        "summary": {
            "exit_code": exit_code,
            "outcome": _OUTCOMES[exit_code],
            "why": None,
            "verdicts": {str(verdict): 0 for verdict in Verdict},
            "failed": {str(severity): 0 for severity in Severity},
            "waived": 0,
            **_checkov_summary(CheckovReport(CheckovState.LEFT_OUT)),
            "changed_only": False,
            "standing": 0,
            "fixed": 0,
            "replay": {"used": False, "why": ""},
        },
        "verdicts": [],
        "checkov": [],
        "fixed": [],
        "errors": [error],
        "warnings": [],
    }


def render_json(documents: Sequence[dict[str, Any]]) -> Iterator[str]:
    """One document for one plan, an array in argument order for several; piece by piece.

    A piece ends where a value does, so that the verdicts of a large plan are never all in memory.
    """
    if len(documents) == 1:
        yield from _pieces(documents[0], 0)
    else:
        yield from _list((_pieces(each, 1) for each in documents), 0)
    yield "\n"


_BATCH: Final = 1000
"""Values that are encoded together."""


def _pieces(document: dict[str, Any], depth: int) -> Iterator[str]:
    """An object that stands `depth` levels deep, its iterators drawn as they are written."""
    separator = "{"
    for name, value in document.items():
        yield f"{separator}{_line(depth + 1)}{json.dumps(name)}: "
        if isinstance(value, Iterator):
            texts = ([_indented(each, depth + 2)] for each in _batches(value))
            yield from _list(texts, depth + 1)
        else:
            yield _indented([value], depth + 1)
        separator = ","
    yield f"{_line(depth)}}}"


def _list(members: Iterable[Iterable[str]], depth: int) -> Iterator[str]:
    """A list that stands `depth` levels deep; pieces of one member, or of some with commas."""
    separator = "["
    for pieces in members:
        yield f"{separator}{_line(depth + 1)}"
        yield from pieces
        separator = ","
    yield f"{_line(depth)}]" if separator == "," else "[]"


def _batches(values: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(values, _BATCH)):
        yield batch


def _line(depth: int) -> str:
    return f"\n{'  ' * depth}"


def _indented(values: list[Any], depth: int) -> str:
    """Values as they stand in a list, `depth` levels deep."""
    nested: Any = values
    for _ in range(depth - 1):
        nested = [nested]
    try:
        # Asked to indent, the standard library leaves its C code and takes ten times as long.
        text = quick.format(quick.encode(nested), indent=2).decode()
    except UnicodeEncodeError:
        # Half a character, out of JSON inside a value: no encoding has it, JSON can spell it.
        text = json.dumps(to_builtins(nested), indent=2, ensure_ascii=False)
        text = text.encode(errors="backslashreplace").decode()
    # Without the brackets of the lists around them, each on a line two columns further in.
    return text[depth * (depth + 3) : -depth * (depth + 1)]


def _summary(outcome: Outcome, exit_code: int) -> dict[str, Any]:
    counts = outcome.counts()
    failed = [each for each in outcome.judgements if each.verdict is Verdict.FAIL]
    return {
        "exit_code": exit_code,
        "outcome": _OUTCOMES[exit_code],
        "why": nothing_judged(outcome.platform.plan) if not outcome.has_judged else None,
        "verdicts": {str(verdict): counts[verdict] for verdict in Verdict},
        "failed": {
            str(severity): sum(each.severity is severity and each.waiver is None for each in failed)
            for severity in Severity
        },
        "waived": sum(each.waiver is not None for each in outcome.all_judgements),
        **_checkov_summary(outcome.checkov, failed),
        "changed_only": outcome.changed_only,
        "standing": sum(
            not each.is_new
            for each in (*failed, *outcome.checkov.judgements)
            if each.verdict is Verdict.FAIL
        ),
        "fixed": len(outcome.fixed),
        "replay": {"used": outcome.replay.is_used, "why": outcome.replay.why},
    }


def _tool(checkov: CheckovReport) -> dict[str, Any]:
    run = {"version": checkov.version, "edges": checkov.edges, "note": checkov.note}
    return {
        "name": "policyscan",
        "version": __version__,
        "checkov": run if checkov.state is CheckovState.RAN else None,
    }


def _checkov_summary(checkov: CheckovReport, failed: Iterable[Judgement] = ()) -> dict[str, Any]:
    own = {each.key for each in failed if each.counts}
    counts = Counter(each.verdict for each in checkov.judgements)
    # Each problem once: what a rule of ours finds too is counted with ours.
    theirs = Counter(
        each.severity
        for each in checkov.judgements
        if each.verdict is Verdict.FAIL and not each.is_overruled and each.shared not in own
    )
    return {
        "checkov": str(checkov.state),
        "checkov_verdicts": {str(verdict): counts[verdict] for verdict in Verdict},
        "checkov_failed": {str(severity): theirs[severity] for severity in Severity},
    }


def _checkov_verdict(judgement: Judgement) -> dict[str, Any]:
    says = judgement.checkov or CheckovSays(None)
    return {
        "id": judgement.rule.id,
        "name": judgement.rule.title,
        "severity": str(judgement.severity),
        "address": judgement.finding.address,
        "verdict": str(judgement.verdict),
        "stock": str(says.stock) if says.stock else None,
        "guideline": says.guideline or None,
        "shared_with": says.shared_with or None,
        "conflict": (
            {"rule": says.conflict.rule, "why": says.conflict.why} if says.conflict else None
        ),
        "source": _source(judgement.span),
        "new": judgement.is_new,
        "in_baseline": judgement.is_in_baseline,
        "waived": _waived(judgement.waiver),
    }


class _Step(Struct, frozen=True):
    """A step of a verdict's evidence."""

    address: str
    attribute: str
    note: str
    source: Span | None


class _Verdict(Struct, frozen=True):
    """A verdict as it is written: each field by its name, and in this order.

    So are notes and regions. There are tens of thousands, and dictionaries of them take as long
    again as all the writing.
    """

    rule: str
    name: str
    group: str
    severity: Severity
    address: str
    verdict: Verdict
    confidence: Certainty
    message: str
    path: Sequence[_Step]
    source: Span | None
    notes: Sequence[Note]
    fix: str
    snippet: str
    symptom: str
    strikes: Phase | None
    cause: str | None
    new: bool
    in_baseline: bool
    waived: dict[str, Any] | None


def _verdict(judgement: Judgement) -> _Verdict:
    rule, finding = judgement.rule, judgement.finding
    # By place: by name it would take twice as long.
    return _Verdict(
        rule.id,
        rule.name,
        rule.group,
        judgement.severity,
        finding.address,
        finding.verdict,
        finding.certainty,
        finding.message,
        _path(judgement) if finding.path else (),
        judgement.span,
        finding.notes,
        finding.fix,
        finding.snippet,
        finding.symptom,
        finding.strikes,
        finding.cause or None,
        judgement.is_new,
        judgement.is_in_baseline,
        _waived(judgement.waiver),
    )


def _path(judgement: Judgement) -> list[_Step]:
    return [
        _Step(step.address, step.attribute, step.note, span)
        for step, span in zip(judgement.finding.path, judgement.steps, strict=True)
    ]


def _waived(waiver: Waiver | None) -> dict[str, Any] | None:
    """Who waived a finding; a skip comment of Checkov names neither an owner nor a day."""
    if waiver is None:
        return None
    return {
        "reason": waiver.reason,
        "owner": waiver.owner or None,
        "expires": str(waiver.expires) if waiver.expires else None,
        "place": waiver.place,
    }


def brief_document(judgement: Judgement) -> dict[str, Any]:
    """A finding in brief: what is wrong where."""
    return {
        "rule": judgement.rule.id,
        "name": judgement.rule.name,
        "group": judgement.rule.group,
        "severity": str(judgement.severity),
        "address": judgement.finding.address,
        "message": judgement.finding.message,
        "source": _source(judgement.span),
    }


def _source(span: Span | None) -> dict[str, Any] | None:
    """A region as SARIF counts it: columns in code points, the last one past the end."""
    if span is None:
        return None
    return {
        "file": span.file,
        "line": span.line,
        "end_line": span.end_line,
        "column": span.column,
        "end_column": span.end_column,
    }
