"""The JSON report: stable names, every verdict, the contract other tools build on."""

from __future__ import annotations

import json
from typing import Any

from policyscan import __version__
from policyscan.engine import Judgement, Outcome
from policyscan.rule import Severity, Verdict

SCHEMA_VERSION = "1"


def json_document(outcome: Outcome, exit_code: int) -> dict[str, Any]:
    """One plan's report as plain JSON values."""
    plan = outcome.platform.plan
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "policyscan", "version": __version__},
        "plan": {
            "path": plan.name,
            "format_version": plan.format_version,
            "terraform_version": plan.terraform_version,
            "resources": len(plan.resources),
            "sha256": plan.sha256,
        },
        "summary": _summary(outcome, exit_code),
        "verdicts": [_verdict(each) for each in outcome.judgements],
        "checkov": [],
        "errors": list(outcome.errors),
        "warnings": list(outcome.warnings),
    }


def render_json(documents: list[dict[str, Any]]) -> str:
    """One document for one plan, an array in argument order for several."""
    shown = documents[0] if len(documents) == 1 else documents
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def _summary(outcome: Outcome, exit_code: int) -> dict[str, Any]:
    counts = outcome.counts()
    failed = [each for each in outcome.judgements if each.verdict is Verdict.FAIL]
    return {
        "exit_code": exit_code,
        "verdicts": {str(verdict): counts[verdict] for verdict in Verdict},
        "failed": {
            str(severity): sum(each.severity is severity for each in failed)
            for severity in Severity
        },
        "checkov": "not set up",
    }


def _verdict(judgement: Judgement) -> dict[str, Any]:
    finding = judgement.finding
    span = judgement.span
    return {
        "rule": judgement.rule.id,
        "name": judgement.rule.name,
        "group": judgement.rule.group,
        "severity": str(judgement.severity),
        "address": finding.address,
        "verdict": str(finding.verdict),
        "confidence": str(finding.certainty),
        "message": finding.message,
        "path": [
            {"address": step.address, "attribute": step.attribute, "note": step.note}
            for step in finding.path
        ],
        "source": {"file": span.file, "line": span.line, "end_line": span.end_line}
        if span
        else None,
        "notes": [{"level": str(note.level), "text": note.text} for note in finding.notes],
        "fix": finding.fix,
        "symptom": finding.symptom,
        "strikes": str(finding.strikes) if finding.strikes else None,
        "cause": finding.cause or None,
        "new": judgement.is_new,
        "waived": None,
    }
