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

from policyscan.rule import (
    LOAD_BALANCERS,
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

WHERE = {Exit.NONE: "nowhere", Exit.NAT: "to a NAT gateway"}
FIX = "name subnets whose default route leads to an internet gateway, or set internal = true"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per load balancer."""
    for balancer in platform.graph.of_type(*LOAD_BALANCERS):
        if not balancer.is_deleted:
            yield _judge(balancer, platform)


def _judge(balancer: Resource, platform: Platform) -> Finding:
    internal = balancer.value("internal")
    subnets = platform.balancing.subnets_of(balancer)
    if isinstance(internal, Unknown):
        why = "internal is known only after apply"
        return undetermined(balancer.address, why, at="internal")
    if internal == Known(value=True) or balancer.value("load_balancer_type") == Known("gateway"):
        return _internal(balancer, subnets, platform)
    egresses = [(each, platform.network.egress(each)) for each in (*subnets.sure, *subnets.may_be)]
    here = Step(balancer.address, subnets.attribute)
    for index, (subnet, egress) in enumerate(egresses):
        is_sure = index < len(subnets.sure)
        if is_sure and egress.exit not in {Exit.INTERNET_GATEWAY, Exit.UNKNOWN}:
            edge = subnets.edges[index]
            return fail(
                balancer.address,
                f"it faces the internet and stands in {subnet.address}, whose default route leads "
                f"{WHERE.get(egress.exit, f'to {egress.exit.value}')}",
                path=(here, Step(subnet.address, "id"), *egress.path),
                certainty=weakest(certainty_of(edge), egress.certainty),
                symptom="clients time out, or InvalidSubnet: VPC ... has no internet gateway",
                strikes=Phase.RUNTIME,
                cause=subnet.address,
                fix=FIX,
            )
    doubts = [egress.why for _, egress in egresses if egress.exit is Exit.UNKNOWN]
    doubts += [f"the routes of {each} are not in this plan" for each in subnets.ids]
    doubts += subnets.missing
    if any(egress.exit is not Exit.INTERNET_GATEWAY for _, egress in egresses) and not doubts:
        doubts.append("which of several subnets it stands in is not in the plan")
    if doubts:
        return undetermined(balancer.address, doubts[0], path=(here,))
    proofs = (certainty_of(*subnets.edges), *(egress.certainty for _, egress in egresses))
    return passed(
        balancer.address,
        "every subnet it stands in is public",
        path=(here, *(step for _, egress in egresses[:1] for step in egress.path)),
        certainty=weakest(*proofs),
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
