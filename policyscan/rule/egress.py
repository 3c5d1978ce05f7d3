"""Where a subnet's default route leads, told from its route table."""

from __future__ import annotations

from msgspec import Struct

from policyscan.graph import Target
from policyscan.plan import Resource
from policyscan.rule.ecs import certainty_of
from policyscan.rule.model import Certainty, Step
from policyscan.rule.routes import Exit, Family, Route, RouteTable

LEADS = {
    Exit.NONE: "nowhere",
    Exit.NAT: "to a NAT gateway",
    Exit.OTHER: "to another network",
    Exit.EGRESS_ONLY: "to an egress-only internet gateway",
}
"""Where a default route leads, as the end of a sentence."""


class Egress(Struct, frozen=True):
    """Where a subnet's default route leads.

    `path` is the evidence, `nats` the NAT gateways it may go through, `why` says what keeps the
    answer from being known when `exit` is UNKNOWN.
    """

    exit: Exit
    path: tuple[Step, ...] = ()
    nats: tuple[Target, ...] = ()
    tables: tuple[str, ...] = ()
    certainty: Certainty = Certainty.PROVEN
    why: str = ""


def exit_of(
    table: RouteTable, lead: tuple[Step, ...], certainty: Certainty, family: Family
) -> Egress:
    """Where the default routes of a table lead; `lead` is the evidence up to the table."""
    here = (table.resource.address,)
    if not table.defaults:
        if table.why:
            return Egress(Exit.UNKNOWN, lead, tables=here, why=table.why)
        note = f"has no route to {family.everywhere}"
        return Egress(
            Exit.NONE, (*lead, Step(table.resource.address, "route", note)), (), here, certainty
        )
    found = [_of_route(route, table, lead, certainty, family) for route in table.defaults]
    if len({egress.exit for egress in found}) == 1:
        nats = tuple(dict.fromkeys(nat for egress in found for nat in egress.nats))
        return Egress(found[0].exit, found[0].path, nats, here, found[0].certainty, found[0].why)
    return Egress(
        Exit.UNKNOWN,
        lead,
        tables=here,
        why=f"{table.resource.address} may have several default routes",
    )


def _of_route(
    route: Route, table: RouteTable, lead: tuple[Step, ...], certainty: Certainty, family: Family
) -> Egress:
    via = route.via.targets
    note = f"{family.everywhere} to {route.exit.value}"
    holder = Step(route.holder.address, route.attribute, note)
    own = () if route.holder is table.resource else (Step(table.resource.address),)
    ends = tuple(Step(target.address) for target in via[:1])
    proofs = {certainty, route.certainty, certainty_of(*via)}
    proof = Certainty.PROVEN if proofs == {Certainty.PROVEN} else Certainty.INFERRED
    nats = via if route.exit is Exit.NAT else ()
    here = (table.resource.address,)
    return Egress(route.exit, (*lead, *own, holder, *ends), nats, here, proof, route.why)


def agreed(subnet: Resource, exits: list[Egress], advice: str) -> Egress:
    """One answer from several tables it may be: only when all lead to the same."""
    kinds = {egress.exit for egress in exits}
    if len(kinds) != 1:
        return Egress(
            Exit.UNKNOWN,
            why=f"{subnet.address} may use several route tables that lead elsewhere each; {advice}",
        )
    if len(exits) == 1:
        return exits[0]
    first = exits[0]
    return Egress(
        first.exit,
        first.path,
        tuple(dict.fromkeys(nat for egress in exits for nat in egress.nats)),
        tuple(dict.fromkeys(table for egress in exits for table in egress.tables)),
        Certainty.INFERRED,
        first.why,
    )
