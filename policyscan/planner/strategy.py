"""The seam of the offline provider: what becomes of the values that only a provider knows.

`Unknown` leaves them unknown, as a faithful plan does. `Applied` plans the same and then, when
core applies, settles each on a well-formed value. A further strategy is a further class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from policyscan.errors import PlannerError
from policyscan.planner.wire import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyscan.planner.schema import Block, TypeHints


class Change(Struct, frozen=True):
    """One resource core applies: its planned object still holds what was unknown.

    `prior` is None for a create, `planned` for a destroy; `region` is where the resource lives.
    """

    resource_type: str
    block: Block
    hints: TypeHints
    prior: dict[str, Any] | None
    planned: dict[str, Any] | None
    region: str


class Strategy(Protocol):
    """Decides the attributes that configuration leaves to the provider."""

    def compute(self, resource_type: str) -> Callable[[str, Any], Any]:
        """Begin one planned object: the function returned is asked for each computed attribute.

        It takes the attribute's dotted path without indexes and its cty type ("block" for a
        block that reads unknown when unset), and returns the planned value.
        """

    def apply(self, change: Change) -> dict[str, Any] | None:
        """Give the wholly known object after apply, None when destroyed.

        Raises PlannerError: this strategy applies nothing.
        """


class Unknown:
    """A faithful plan: what the provider would compute is known after apply."""

    def compute(self, resource_type: str) -> Callable[[str, Any], Any]:  # noqa: ARG002  # the seam
        """Leave everything unknown."""
        return lambda _path, _kind: UNKNOWN

    def apply(self, change: Change) -> dict[str, Any] | None:
        """Refuse. Raises PlannerError: always."""
        raise PlannerError(f"{change.resource_type}: a faithful plan is not for applying")
