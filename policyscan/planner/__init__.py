"""Stage 0: a folder of .tf files -> the plan JSON that real Terraform core makes of it, offline."""

from __future__ import annotations

from policyscan.planner.offline import make_plan
from policyscan.planner.outcome import PlanOutcome
from policyscan.planner.request import DATA_FOLDER, Inputs, Request

__all__ = ["DATA_FOLDER", "Inputs", "PlanOutcome", "Request", "make_plan"]
