"""Stage 1: the bytes of a Terraform plan -> `Plan`, the only view of it the rest has."""

from policyscan.plan.model import Plan, Resource
from policyscan.plan.read import read_plan
from policyscan.plan.value import ABSENT, Absent, Known, Unknown, Value

__all__ = ["ABSENT", "Absent", "Known", "Plan", "Resource", "Unknown", "Value", "read_plan"]
