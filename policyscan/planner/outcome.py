"""A plan that was made offline, with what is to be told of how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from policyscan.planner.plan_json import with_label

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class PlanOutcome(Struct, frozen=True):
    """What `terraform show -json` prints, in normal form, and how far it can be trusted.

    stand_ins: addresses of data sources whose answers were made up, since only the account knows.
    imported: addresses of what `import` blocks bring in, taken to be as configured.
    schema_only: the types of its resources of which no more is known than their schema.
    notes: what else to know about how it was made.
    is_simulated: what stands before it was applied in simulation.
    modules: where each module was found that Terraform would download, by its key.
    """

    plan_json: bytes
    stand_ins: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()
    schema_only: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_simulated: bool = False
    modules: Mapping[str, Path] = field(default_factory=dict)

    @property
    def labelled(self) -> bytes:
        """The plan, with what was made up named in it: for whoever judges it later."""
        made_up = {
            "stand_ins": self.stand_ins,
            "imported": self.imported,
            "schema_only": self.schema_only,
            "notes": self.notes,
            "simulated": self.is_simulated,
        }
        return with_label(self.plan_json, {name: told for name, told in made_up.items() if told})
