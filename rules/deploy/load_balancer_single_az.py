"""An application load balancer stands in two availability zones, with one subnet in each.

AWS wants two subnets at least, and refuses two of one zone. Terraform looks at neither.

## Why
A list of zones that is shorter than the list of subnets, or a subnet without a zone of its own,
which AWS then puts where it likes.

## Fix
```hcl
resource "aws_subnet" "public" {
  count             = 2
  availability_zone = data.aws_availability_zones.available.names[count.index]
  # ...
}
```

## When unknown
A subnet is not in this plan, or its zone is known only after apply.

## Source
Elastic Load Balancing API Reference, CreateLoadBalancer; Terraform AWS provider issue 15145.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from policyscan.rule import (
    LOAD_BALANCERS,
    Absent,
    Certainty,
    Finding,
    Known,
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
    is_zone_id,
    not_applicable,
    passed,
    undetermined,
    weakest,
)

RULE = Rule(
    id="PS110",
    name="load-balancer-single-az",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="An application load balancer spans two zones, with one subnet in each",
    types=LOAD_BALANCERS,
)

TOO_FEW = (
    "ValidationError: At least two subnets in two different Availability Zones must be specified"
)
TWICE = (
    "InvalidConfigurationRequest: A load balancer cannot be attached to multiple subnets in the "
    "same Availability Zone"
)
FIX = (
    "name subnets of two zones, one each, and pin the zone of every subnet:\n"
    "availability_zone = data.aws_availability_zones.available.names[count.index]"
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per load balancer."""
    for balancer in platform.graph.of_type(*LOAD_BALANCERS):
        if not balancer.is_deleted:
            yield _judge(balancer, platform)


def _judge(balancer: Resource, platform: Platform) -> Finding:
    kind = balancer.value("load_balancer_type")
    if isinstance(kind, Unknown):
        why = "load_balancer_type is known only after apply"
        return undetermined(balancer.address, why, at="load_balancer_type")
    if not isinstance(balancer.value("customer_owned_ipv4_pool"), Absent):
        return not_applicable(balancer.address, "it stands on an Outpost, in one subnet")
    wanted = 1 if kind in {Known("network"), Known("gateway")} else 2
    subnets = platform.balancing.subnets_of(balancer)
    path = (
        Step(balancer.address, subnets.attribute),
        *(Step(each.address, "availability_zone", _zone(each, platform)) for each in subnets.sure),
    )
    if problem := _problem(subnets, wanted, platform):
        return fail(
            balancer.address,
            problem.message,
            path=path,
            certainty=weakest(problem.certainty, certainty_of(*subnets.edges)),
            severity=problem.severity,
            symptom=problem.symptom,
            strikes=Phase.APPLY,
            fix=FIX,
        )
    if doubt := next(_doubts(subnets, platform), ""):
        return undetermined(balancer.address, doubt, path=path)
    zones = sorted({_zone(each, platform) for each in subnets.sure})
    text = f"it stands in {', '.join(zones)}"
    return passed(balancer.address, text, path=path, certainty=certainty_of(*subnets.edges))


class _Problem(NamedTuple):
    message: str
    symptom: str
    severity: Severity | None = None
    certainty: Certainty = Certainty.PROVEN


def _problem(subnets: Subnets, wanted: int, platform: Platform) -> _Problem | None:
    count = len(subnets.sure) + len(subnets.ids)
    if count < wanted and not subnets.missing and not subnets.may_be:
        return _Problem(f"it stands in {count} subnet, and needs {wanted}", TOO_FEW)
    zones = Counter(zone for each in subnets.sure if (zone := _zone(each, platform)))
    for zone, times in sorted(zones.items()):
        if times > 1:
            symptom = TOO_FEW if len(zones) == 1 else TWICE
            return _Problem(f"{times} of its subnets stand in {zone}", symptom)
    for subnet in subnets.sure:
        if isinstance(platform.network.zone(subnet), Absent) and count > 1:
            text = f"AWS picks the zone of {subnet.address}, which may be that of another subnet"
            return _Problem(text, TWICE, Severity.MEDIUM, Certainty.INFERRED)
    return None


def _doubts(subnets: Subnets, platform: Platform) -> Iterator[str]:
    yield from subnets.missing
    yield from (f"{each} is not in this plan" for each in subnets.ids)
    for subnet in subnets.sure:
        if not _zone(subnet, platform):
            yield f"the zone of {subnet.address} is known only after apply"
    if len({is_zone_id(_zone(each, platform)) for each in subnets.sure}) > 1:
        yield "some of its zones are told by name, some by id"
    if subnets.may_be:
        yield "which of several subnets it stands in is not in the plan; give --source-dir"


def _zone(subnet: Resource, platform: Platform) -> str:
    zone = platform.network.zone(subnet)
    return str(zone) if isinstance(zone, Known) else ""
