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

import re
from collections import Counter
from collections.abc import Iterator

from policyscan.rule import (
    LOAD_BALANCERS,
    Absent,
    Certainty,
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
    Struct,
    Subnets,
    Unknown,
    advised,
    certainty_of,
    edit,
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

LOCAL = re.compile(r"[a-z]+(?:-[a-z]+)+-\d+-[a-z]+(?:-\w+)?-\d+[a-z]?|[a-z]+\d+-[a-z]+\d+-az\d+")
"""A local zone, by name or id; one of them is enough. Example: `us-east-1-bos-1a`."""
LEAST_BITS = 27
"""Source: Elastic Load Balancing User Guide, "Subnets for your load balancer"."""
PLACE = re.compile(r"data\.aws_availability_zones\.[\w-]+(?:\[[^\]]*\])?\.names\[\d+\]")
TOO_FEW = (
    "ValidationError: At least two subnets in two different Availability Zones must be specified"
)
TWICE = (
    "InvalidConfigurationRequest: A load balancer cannot be attached to multiple subnets in the "
    "same Availability Zone"
)
FIX = "name subnets of two zones, one of each, and pin the zone of every subnet"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per load balancer."""
    for balancer in platform.graph.of_type(*LOAD_BALANCERS):
        if not balancer.is_deleted:
            yield _judge(balancer, platform)


def _judge(balancer: Resource, platform: Platform) -> Finding:
    kind = balancer.value("load_balancer_type")
    if isinstance(kind, Unknown):
        why = f"{balancer.address}.load_balancer_type is known only after apply: write it down"
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
            cause=problem.subnet.address if problem.subnet else "",
            fix=FIX,
            snippet=_pinned(problem.subnet)
            if problem.subnet
            else edit(balancer, "subnets = [aws_subnet.ZONE_A.id, aws_subnet.ZONE_B.id]"),
        )
    if doubt := next(_doubts(balancer, subnets, platform), ""):
        return undetermined(balancer.address, doubt, path=path)
    zones = sorted({_zone(each, platform) for each in subnets.sure})
    is_known = all(isinstance(platform.network.zone(each), Known) for each in subnets.sure)
    surely = certainty_of(*subnets.edges) if is_known else Certainty.INFERRED
    text = f"it stands in {', '.join(zones)}"
    return passed(
        balancer.address,
        text,
        path=path,
        certainty=surely,
        notes=tuple(_notes(subnets)) if wanted > 1 else (),
    )


def _notes(subnets: Subnets) -> Iterator[Note]:
    """Subnets that are too small for a load balancer to grow in."""
    for subnet in subnets.sure:
        cidr = subnet.value("cidr_block")
        bits = str(cidr).rpartition("/")[2]
        if isinstance(cidr, Known) and bits.isdecimal() and int(bits) > LEAST_BITS:
            text = f"{subnet.address} is {cidr}: AWS asks for /{LEAST_BITS} and 8 free addresses"
            yield Note(Level.INFO, text)


def _pinned(subnet: Resource) -> str:
    """A subnet in a zone of its own, however many of its kind there are."""
    zones = "data.aws_availability_zones.available.names"
    written = subnet.config
    index = "0"
    if written is not None and written.count is not None:
        index = "count.index"
    elif written is not None and written.for_each is not None:
        index = "each.value.ZONE_INDEX"
    return edit(subnet, f"availability_zone = {zones}[{index}]")


class _Problem(Struct, frozen=True):
    """What is wrong, and the subnet that is to blame where it is one."""

    message: str
    symptom: str
    severity: Severity | None = None
    certainty: Certainty = Certainty.PROVEN
    subnet: Resource | None = None


def _problem(subnets: Subnets, wanted: int, platform: Platform) -> _Problem | None:
    count = len(subnets.sure) + len(subnets.ids)
    if any(LOCAL.fullmatch(_zone(each, platform)) for each in subnets.sure):
        wanted = 1
    if count < wanted and not subnets.missing and not subnets.may_be:
        return _Problem(
            f"it stands in {count} subnet, and needs {wanted}, in zones of their own", TOO_FEW
        )
    zones = Counter(zone for each in subnets.sure if (zone := _zone(each, platform)))
    for zone, times in sorted(zones.items()):
        if times > 1:
            symptom = TOO_FEW if len(zones) == 1 else TWICE
            last = [each for each in subnets.sure if _zone(each, platform) == zone][-1]
            text = f"{times} of its subnets stand in {zone}, and it takes one of each zone"
            return _Problem(text, symptom, subnet=last)
    for subnet in subnets.sure:
        if isinstance(platform.network.zone(subnet), Absent) and count > 1:
            text = f"AWS picks the zone of {subnet.address}, which may be that of another subnet"
            return _Problem(text, TWICE, Severity.MEDIUM, Certainty.INFERRED, subnet)
    return None


def _doubts(balancer: Resource, subnets: Subnets, platform: Platform) -> Iterator[str]:
    where, advice = f"{balancer.address}.{subnets.attribute}", platform.graph.advice
    yield from (advised(each, advice) for each in subnets.missing)
    look = "look it up with a data source aws_subnet to have its zone judged"
    yield from (f"{each} in {where} is not in this plan: {look}" for each in subnets.ids)
    for subnet in subnets.sure:
        if not _zone(subnet, platform):
            yield f"{subnet.address}.availability_zone is known only after apply: pin it"
    zones = {_zone(each, platform) for each in subnets.sure}
    lists = {each.rpartition(".names[")[0] for each in zones}
    if len(lists) > 1:
        yield f"whether zones of {where} are the same is known only after apply: write them down"
    if len({is_zone_id(each) for each in zones}) > 1:
        yield f"some zones of {where} are told by name, some by id: tell all the same way"
    if subnets.may_be:
        yield f"which of several subnets {where} takes is not in the plan; {advice}"


def _zone(subnet: Resource, platform: Platform) -> str:
    """A subnet's zone, or which of the zones that apply will look up it is; "" when not told."""
    zone = platform.network.zone(subnet)
    return str(zone) if isinstance(zone, Known) else _place_in_list(subnet)


def _place_in_list(subnet: Resource) -> str:
    """Example: `data.aws_availability_zones.all.names[0]`, where the index is a constant."""
    written = (
        one for _, each in subnet.expressions("availability_zone") for one in each.references
    )
    texts = sorted({one.text for one in written})
    is_told = len(texts) == 1 and PLACE.fullmatch(texts[0])
    return ".".join((*subnet.module_path, texts[0])) if is_told else ""
