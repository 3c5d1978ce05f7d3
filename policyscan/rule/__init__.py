"""Stage 3: the vocabulary of a rule author, and models of the planned platform.

A rule file imports this package and the standard library, nothing else.
"""

from policyscan.graph import Target
from policyscan.plan import ABSENT, Absent, Known, Resource, Unknown, Value
from policyscan.rule.containers import TaskImages
from policyscan.rule.ecs import Service, certainty_of, is_fargate, steps_to
from policyscan.rule.model import (
    Certainty,
    Check,
    Finding,
    Level,
    Note,
    Parameter,
    Parameters,
    Phase,
    Rule,
    Severity,
    Step,
    Verdict,
    fail,
    not_applicable,
    passed,
    undetermined,
)
from policyscan.rule.platform import Platform

__all__ = [
    "ABSENT",
    "Absent",
    "Certainty",
    "Check",
    "Finding",
    "Known",
    "Level",
    "Note",
    "Parameter",
    "Parameters",
    "Phase",
    "Platform",
    "Resource",
    "Rule",
    "Service",
    "Severity",
    "Step",
    "Target",
    "TaskImages",
    "Unknown",
    "Value",
    "Verdict",
    "certainty_of",
    "fail",
    "is_fargate",
    "not_applicable",
    "passed",
    "steps_to",
    "undetermined",
]
