"""Stage 1: the bytes of a Terraform plan -> `Plan`, the only view of it the rest has."""

from policyscan.plan.before import world_before
from policyscan.plan.kind import PlanKind, kind_of
from policyscan.plan.model import Offline, Plan, Resource
from policyscan.plan.read import read_plan
from policyscan.plan.template import DERIVED, Taken, Template, decode_json
from policyscan.plan.value import ABSENT, Absent, Known, Unknown, Value, number_of, text_of

__all__ = [
    "ABSENT",
    "DERIVED",
    "Absent",
    "Known",
    "Offline",
    "Plan",
    "PlanKind",
    "Resource",
    "Taken",
    "Template",
    "Unknown",
    "Value",
    "decode_json",
    "kind_of",
    "number_of",
    "read_plan",
    "text_of",
    "world_before",
]
