"""Stage 0: a folder of .tf files -> the plan JSON that real Terraform core makes of it, offline."""

from __future__ import annotations

from policyscan.planner.offline import Inputs, PlanOutcome, StandIn, make_plan

__all__ = ["Inputs", "PlanOutcome", "StandIn", "make_plan"]
