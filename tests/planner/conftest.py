"""Configurations written by a test, and the plans Terraform makes of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from policyscan.planner import Inputs, PlanOutcome, Request, make_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Planned:
    """A plan's JSON, opened up."""

    outcome: PlanOutcome
    document: dict[str, Any]

    def change(self, address: str) -> dict[str, Any]:
        """The `change` of one resource."""
        found: dict[str, Any]
        (found,) = (
            each["change"]
            for each in self.document["resource_changes"]
            if each["address"] == address
        )
        return found

    def actions(self) -> dict[str, list[str]]:
        """Address -> actions, of every resource."""
        return {
            each["address"]: each["change"]["actions"] for each in self.document["resource_changes"]
        }

    def output(self, name: str) -> Any:
        """The planned value of an output."""
        return self.document["planned_values"]["outputs"][name]["value"]


@dataclass(frozen=True)
class Configuration:
    """A root module a test writes file by file."""

    folder: Path

    def write(self, text: str, name: str = "main.tf") -> Path:
        """Write one file below the folder."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def plan(
        self,
        variables: Mapping[str, str] | None = None,
        *,
        after: Sequence[Mapping[str, str]] = (),
        destroy: bool = False,
    ) -> Planned:
        """Plan it, after simulated applies with the variables in `after`."""
        outcome = make_plan(
            self.folder,
            Request(
                Inputs(variables or {}),
                after=tuple(Inputs(each) for each in after),
                destroy=destroy,
            ),
        )
        return Planned(outcome, json.loads(outcome.plan_json))


@pytest.fixture
def configuration(tmp_path: Path, terraform: None) -> Configuration:  # noqa: ARG001  # skips
    """An empty root module."""
    folder = tmp_path / "root"
    folder.mkdir()
    return Configuration(folder)
