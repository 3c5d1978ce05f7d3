"""An internet-facing load balancer stands in public subnets.

A subnet is public when its default route leads to an internet gateway. Elsewhere the load balancer
gets public addresses nobody can reach. An internal one needs no public subnet.

## Why
`internal` is false unless it is set, and the private subnets are the ones at hand, because the
tasks run there.

## Fix
```hcl
resource "aws_lb" "main" {
  subnets = aws_subnet.public[*].id
  # ...
}
```

or `internal = true`, where only the VPC's own clients call.

## When unknown
A subnet, its route table or what its default route leads to is not in this plan, or `internal` is
known only after apply.

## Source
Elastic Load Balancing User Guide, "Application Load Balancers", subnets and load balancer scheme.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyscan.rule import (
    LEADS,
    LOAD_BALANCERS,
    Egress,
    Exit,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Subnets,
    Unknown,
    certainty_of,
    edit,
    fail,
    passed,
    undetermined,
    weakest,
)

RULE = Rule(
    id="PS205",
    name="load-balancer-in-private-subnet",
    group="NET",
    severity=Severity.CRITICAL,
    title="An internet-facing load balancer stands in public subnets",
    types=LOAD_BALANCERS,
)

PUBLIC = "subnets = [aws_subnet.PUBLIC_A.id, aws_subnet.PUBLIC_B.id]"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per load balancer."""
    for balancer in platform.graph.of_type(*LOAD_BALANCERS):
        if not balancer.is_deleted:
            yield _judge(balancer, platform)


def _judge(balancer: Resource, platform: Platform) -> Finding:
    internal = balancer.value("internal")
    subnets = platform.balancing.subnets_of(balancer)
    if isinstance(internal, Unknown):
        why = f"{balancer.address}.internal is known only after apply: write it down"
        return undetermined(balancer.address, why, at="internal")
    if internal == Known(value=True) or balancer.value("load_balancer_type") == Known("gateway"):
        return _internal(balancer, subnets, platform)
    egresses = [(each, platform.network.egress(each)) for each in (*subnets.sure, *subnets.may_be)]
    here = Step(balancer.address, subnets.attribute)
    for index, (subnet, egress) in enumerate(egresses[: len(subnets.sure)]):
        path = (here, Step(subnet.address, "id"), *egress.path)
        proof = weakest(certainty_of(subnets.edges[index]), egress.certainty)
        if egress.exit not in {Exit.INTERNET_GATEWAY, Exit.UNKNOWN}:
            exit_ = LEADS[egress.exit]
            strikes = _strikes(subnet, platform)
            return _private(balancer, subnet, exit_, path=path, certainty=proof, strikes=strikes)
        if stranger := _stranger(subnet, egress, platform):
            return _astray(balancer, subnet, stranger, path=path, certainty=proof)
    doubts = [egress.why for _, egress in egresses if egress.exit is Exit.UNKNOWN]
    doubts += [f"the routes of {each} are not in this plan: look it up" for each in subnets.ids]
    doubts += [f"{each}; {platform.graph.advice}" for each in subnets.missing]
    if any(egress.exit is not Exit.INTERNET_GATEWAY for _, egress in egresses) and not doubts:
        why = "which of several subnets it stands in is not in the plan"
        doubts.append(f"{why}; {platform.graph.advice}")
    if doubts:
        return undetermined(balancer.address, doubts[0], path=(here,))
    proofs = (certainty_of(*subnets.edges), *(egress.certainty for _, egress in egresses))
    return passed(
        balancer.address,
        "every subnet it stands in is public",
        path=(here, *(step for _, egress in egresses[:1] for step in egress.path)),
        certainty=weakest(*proofs),
    )


def _private(balancer: Resource, subnet: Resource, leads: str, **details: Any) -> Finding:
    is_late = details["strikes"] is Phase.RUNTIME
    return fail(
        balancer.address,
        f"no client reaches it: it faces the internet and stands in {subnet.address}, whose "
        f"default route leads {leads}",
        symptom="the apply ends green; clients time out"
        if is_late
        else "InvalidSubnet: VPC ... has no internet gateway",
        cause=subnet.address,
        fix="Name subnets whose default route leads to an internet gateway. Or set internal = "
        "true, if only the VPC's own clients call it.",
        snippet=edit(balancer, PUBLIC),
        **details,
    )


def _strikes(subnet: Resource, platform: Platform) -> Phase:
    """AWS refuses it only where the VPC has no internet gateway at all."""
    network = platform.network
    vpc = platform.graph.resource(network.managed_vpc(subnet))
    has_one = network.gateways_of(subnet) or network.has_loose_gateways
    is_refused = vpc is not None and vpc.is_created and not has_one
    return Phase.APPLY if is_refused else Phase.RUNTIME


def _stranger(subnet: Resource, egress: Egress, platform: Platform) -> Resource | None:
    """The internet gateway a subnet leads to, when it is attached to another VPC for certain."""
    network = platform.network
    end = platform.graph.resource(egress.path[-1].address) if egress.path else None
    if egress.exit is not Exit.INTERNET_GATEWAY or end is None or network.has_loose_gateways:
        return None
    if end.type != "aws_internet_gateway":
        return None
    homes = {network.managed_vpc(each) for each in (end, *network.attachments_of(end))} - {""}
    own = network.managed_vpc(subnet)
    return end if homes and own and own not in homes else None


def _astray(balancer: Resource, subnet: Resource, gateway: Resource, **details: Any) -> Finding:
    return fail(
        balancer.address,
        f"the default route of {subnet.address}, where it stands, leads to {gateway.address}, "
        "which is attached to another VPC",
        symptom="InvalidParameterValue: route table ... and network gateway ... belong to "
        "different networks",
        strikes=Phase.APPLY,
        cause=gateway.address,
        fix=f"Attach {gateway.address} to the VPC of the subnet, or route to the internet gateway "
        "of that VPC.",
        snippet=edit(gateway, "vpc_id = aws_vpc.OF_THE_SUBNET.id"),
        **details,
    )


def _internal(balancer: Resource, subnets: Subnets, platform: Platform) -> Finding:
    public = [
        each.address
        for each in subnets.sure
        if platform.network.egress(each).exit is Exit.INTERNET_GATEWAY
    ]
    text = f"internal, and yet in public subnets: {', '.join(public)}"
    notes = (Note(Level.INFO, text),) if public else ()
    step = Step(balancer.address, "internal")
    return passed(balancer.address, "it is internal", path=(step,), notes=notes)
