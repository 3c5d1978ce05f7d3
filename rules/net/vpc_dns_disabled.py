"""A VPC in which private names are to resolve needs both of its DNS attributes.

Cloud Map namespaces, private hosted zones and endpoints with private DNS are answered by the
resolver of the VPC, and only with `enable_dns_support` and `enable_dns_hostnames`. The second one
is off unless somebody turns it on.

## Why
A service looks up its neighbour and finds no such name; an endpoint with private DNS is refused.

## Fix
```hcl
resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
}
```

## When unknown
One of the attributes is known only after apply, or which VPC a namespace, zone or endpoint belongs
to ends in a local: give `--source-dir`.

Not judged: HTTP namespaces, which are asked through the API and not by DNS.

## Source
Amazon VPC User Guide, "DNS attributes for your VPC"; Amazon Route 53 Developer Guide,
"Considerations when working with a private hosted zone"; provider documentation of aws_vpc
(enable_dns_hostnames defaults to false) and of aws_default_vpc (true there).
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    VPCS,
    Confidence,
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
    Target,
    arguments,
    certainty_of,
    edit,
    effective,
    fail,
    not_applicable,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS208",
    name="vpc-dns-disabled",
    group="NET",
    severity=Severity.HIGH,
    title="enable_dns_support and enable_dns_hostnames are on where needed",
    types=VPCS,
)

ATTRIBUTES = ("enable_dns_support", "enable_dns_hostnames")
ENDPOINT = "aws_vpc_endpoint"
USERS = {
    ENDPOINT: "vpc_id",
    "aws_route53_zone": "vpc",
    "aws_route53_zone_association": "vpc_id",
    "aws_service_discovery_private_dns_namespace": "vpc",
}
"""What the resolver of a VPC answers for, by the attribute that names the VPC."""
ENDPOINT_SYMPTOM = (
    "InvalidParameter: Enabling private DNS requires both enableDnsSupport and enableDnsHostnames "
    "VPC attributes set to true"
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per VPC of the plan."""
    loose = next(filter(_asks, platform.graph.joins(USERS, VPCS).open), None)
    for vpc in platform.graph.of_type(*VPCS):
        if not vpc.is_deleted:
            yield _judge(vpc, _users(vpc, loose, platform), platform)


def _judge(
    vpc: Resource, users: list[tuple[Resource, Target | None]], platform: Platform
) -> Finding:
    off = [name for name in ATTRIBUTES if _is_on(vpc, name) is False]
    open_ = [name for name in ATTRIBUTES if _is_on(vpc, name) is None]
    sure = [pair for pair in users if pair[1] and pair[1].confidence is not Confidence.AMBIGUOUS]
    if not users:
        return not_applicable(vpc.address, "no private name is resolved in this VPC")
    if not off and not open_:
        names = " and ".join(ATTRIBUTES)
        return passed(vpc.address, f"{names} are on", at=ATTRIBUTES[1], notes=_notes(vpc, platform))
    user, target = (sure or users)[0]
    path = (Step(vpc.address, (off or open_)[0], "off" if off else ""), Step(user.address))
    if not off:
        return undetermined(
            vpc.address,
            f"{vpc.address}.{open_[0]}, which {user.address} needs, is known only after apply: "
            "write it down",
            path=path,
        )
    if target is None or not sure:
        why = f"whether {user.address} belongs to {vpc.address} is not in the plan"
        return undetermined(vpc.address, f"{why}; {platform.graph.advice}", path=path)
    is_endpoint = user.type == ENDPOINT
    return fail(
        vpc.address,
        f"{vpc.address} has {' and '.join(off)} off, which {user.address} needs",
        path=path,
        certainty=certainty_of(target),
        symptom=ENDPOINT_SYMPTOM if is_endpoint else "its names do not resolve: NXDOMAIN",
        strikes=Phase.APPLY if is_endpoint else Phase.RUNTIME,
        cause=vpc.address,
        fix=f"Turn {' and '.join(off)} on.",
        snippet=edit(vpc, arguments(**dict.fromkeys(off, "true"))),
    )


def _is_on(vpc: Resource, attribute: str) -> bool | None:
    value = effective(vpc, attribute)
    return value.value is True if isinstance(value, Known) else None


def _users(
    vpc: Resource, loose: Resource | None, platform: Platform
) -> list[tuple[Resource, Target | None]]:
    """What needs the resolver of a VPC, and (with None) the first that may do so, in order."""
    users: list[tuple[Resource, Target | None]] = [
        (user, edge)
        for user, edges in platform.graph.joins(USERS, VPCS).to(vpc.address)
        for edge in edges
        if _asks(user)
    ]
    if loose is not None:
        users.append((loose, None))
    return sorted(users, key=lambda pair: (pair[0].address, pair[1] is None))


def _asks(user: Resource) -> bool:
    """Whether it asks the resolver of the VPC it stands in."""
    return not user.is_deleted and (user.type != ENDPOINT or _has_private_dns(user))


def _has_private_dns(endpoint: Resource) -> bool:
    return endpoint.value("private_dns_enabled") == Known(value=True)


def _notes(vpc: Resource, platform: Platform) -> tuple[Note, ...]:
    """A warning where other name servers are given: they may not know the private names."""
    joins = platform.graph.joins({"aws_vpc_dhcp_options_association": "vpc_id"}, VPCS)
    for join in joins.standing(vpc.address):
        for target in platform.graph.resolve(join, "dhcp_options_id").targets:
            servers = platform.graph.resource_of(target).elements("domain_name_servers")
            if servers and Known("AmazonProvidedDNS") not in servers:
                text = f"{target.address} names other servers than AmazonProvidedDNS"
                return (Note(Level.WARNING, text),)
    return ()
