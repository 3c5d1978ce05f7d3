"""Everything is in the agreed region, and speaks of no other.

## Why
A single region that is written wrong somewhere is found late: the log driver looks for its group
where there is none, an image comes from across the continent, a subnet asks for a zone that its VPC
does not have.

## Fix
    provider "aws" {
      region = "us-east-1"
    }

and take the region from there instead of writing it again:
`"awslogs-region" = data.aws_region.current.region`. What has to be elsewhere, such as a certificate
for CloudFront, is allowed by the parameter `others`.

## When unknown
No provider block pins a region: it comes from the environment of whoever runs Terraform. Or the
region is known only after apply.

## Source
AWS provider documentation, "Enhanced Region Support": from version 6 on every resource of a region
says which. The region is the reference platform's.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Absent,
    Finding,
    Known,
    Parameter,
    Parameters,
    Platform,
    Problem,
    Resource,
    Rule,
    Severity,
    Step,
    Unknown,
    concluded,
    mentions_of,
    not_applicable,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS805",
    name="region-off",
    group="NAMING",
    severity=Severity.MEDIUM,
    title="Everything is in the agreed region",
    types=("aws_*",),
    parameters=(
        Parameter("region", "us-east-1", "where everything belongs"),
        Parameter("others", (), "regions that are right as well"),
    ),
)

SYMPTOMS = {
    "an ARN": "the call goes to another region, or is refused there",
    "an image": "the image is pulled across regions, or is not found",
    "a service name": "InvalidServiceName: the endpoint service does not exist in this region",
    "awslogs-region": "ResourceInitializationError: the log group does not exist there",
    "a zone": "InvalidParameterValue: the zone is not one of this region",
}


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per AWS resource that stands after this plan."""
    for resource in platform.plan.resources:
        is_standing = not (resource.is_deleted or resource.deposed)
        if resource.mode == "managed" and resource.type.startswith("aws_") and is_standing:
            yield _judge(resource, platform, parameters)


def _judge(resource: Resource, platform: Platform, parameters: Parameters) -> Finding:
    wanted = (parameters["region"], *parameters["others"])
    region = platform.regions.of(resource)
    if isinstance(region, Known) and region.value not in wanted:
        return concluded(passed(resource.address, ""), [_elsewhere(resource, region, wanted[0])])
    problems = [
        Problem(
            f"{each.attribute} holds {each.kind} of {each.region}, and all is in {wanted[0]}",
            (Step(resource.address, each.attribute, each.region),),
            SYMPTOMS[each.kind],
            f"take the region of the provider in {resource.config_address}.{each.attribute}",
        )
        for each in mentions_of(resource)
        if each.region not in wanted
    ]
    path = (Step(resource.address, "region"),)
    match region:
        case Absent():
            good = not_applicable(resource.address, "it is in no region")
        case Unknown(why):
            says = f"where {resource.address} will be is not in the plan: {why}; write it in the "
            good = undetermined(resource.address, f"{says}provider block", path=path)
        case _:
            good = passed(resource.address, f"it is in {region}", path=path)
    return concluded(good, problems)


def _elsewhere(resource: Resource, region: Known, wanted: str) -> Problem:
    return Problem(
        f"it is in {region}, not {wanted}",
        (Step(resource.address, "region", str(region)),),
        "what belongs together is not found across regions",
        f'region = "{wanted}" in the provider of {resource.config_address}, or the parameter '
        "others of this rule",
    )
