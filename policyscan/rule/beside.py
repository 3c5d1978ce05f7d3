"""What a rule knows of Checkov's checks: which ask for the same as it does, which for the opposite.

Either may depend on what the rule is set to: one policy has protected what another one has go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from policyscan.rule.parameter import Setting

if TYPE_CHECKING:
    from policyscan.rule.model import Finding, Phase


class When(Struct, frozen=True):
    """A parameter of the rule is one of these values."""

    parameter: str
    values: tuple[int | str, ...]


class Agrees(Struct, frozen=True):
    """A check that finds the same problem at the same address: mending one mends the other.

    `wants` is what both ask for. `at` is the attribute that our failure has to be about, and
    `strikes` when it strikes, where the rule fails for other reasons too; "" and None are any. It
    holds where all of `when` do.
    """

    check: str
    wants: str
    at: str = ""
    strikes: Phase | None = None
    when: tuple[When, ...] = ()

    def is_found_by(self, finding: Finding) -> bool:
        """Whether a failure of the rule is about what the check looks at."""
        decides = finding.decisive[0].attribute
        return self.at in {"", decides} and self.strikes in {None, finding.strikes}


class Opposes(Struct, frozen=True):
    """A check that asks for what makes the rule fail, whatever else is changed.

    `wants` is what the rule asks for instead. It holds where all of `when` do.
    """

    check: str
    wants: str
    when: tuple[When, ...] = ()


def holds(relation: Agrees | Opposes, parameters: Mapping[str, Setting]) -> bool:
    """Whether a relation to a check is there with what the rule is set to."""
    return all(parameters[each.parameter] in each.values for each in relation.when)
