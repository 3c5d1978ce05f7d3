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

import re
from collections.abc import Iterator

from policyscan.rule import (
    Absent,
    Finding,
    Known,
    Level,
    Mention,
    Note,
    Parameter,
    Parameters,
    Platform,
    Problem,
    Resource,
    Rule,
    Severity,
    Step,
    Unknown,
    arguments,
    block,
    concluded,
    edit,
    in_container,
    mentions_of,
    not_applicable,
    passed,
    quoted,
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

HERE = "data.aws_region.current.region"
ACCOUNT = re.compile(r"\barn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{12}:|\b\d{12}\.dkr\.ecr\.")
SYMPTOMS = {
    "an ARN": "the call goes to another region, or is refused there",
    "an image": "the image is pulled across regions, or is not found",
    "a service name": "InvalidServiceName: the endpoint service does not exist in this region",
    "an awslogs-region": "ResourceInitializationError: the log group does not exist there",
    "a zone": "InvalidParameterValue: the zone is not one of this region",
}


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per AWS resource that stands after this plan."""
    for resource in platform.standing("aws_"):
        yield _judge(resource, platform, parameters)


def _judge(resource: Resource, platform: Platform, parameters: Parameters) -> Finding:
    wanted = (parameters["region"], *parameters["others"])
    region = platform.regions.of(resource)
    if isinstance(region, Known) and region.value not in wanted:
        problem = _elsewhere(resource, region, wanted[0], platform)
        return concluded(not_applicable(resource.address, "it is elsewhere"), [problem])
    problems = [
        Problem(
            f"{each.attribute} holds {each.kind} of {each.region}, not of {wanted[0]}",
            (Step(resource.address, each.attribute, each.region),),
            SYMPTOMS[each.kind],
            f"in {each.attribute}, take the region from {HERE}",
            cause=resource.block_address,
            snippet=_snippet(resource, each),
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
            notes = _written_accounts(resource)
            good = passed(resource.address, f"it is in {region}", path=path, notes=notes)
    return concluded(good, problems)


def _elsewhere(resource: Resource, region: Known, wanted: str, platform: Platform) -> Problem:
    here = f"region = {quoted(wanted)}"
    snippet, cause = edit(resource, here), resource.block_address
    if not resource.is_written("region"):
        provider = platform.plan.providers.get(resource.provider_key)
        lines = {"alias": quoted(provider.alias)} if provider and provider.alias else {}
        lines["region"] = quoted(wanted)
        snippet, cause = (
            block('provider "aws"', arguments(**lines)),
            f"provider {resource.provider_key}",
        )
    return Problem(
        f"it is in {region}, not {wanted}",
        (Step(resource.address, "region", str(region)),),
        "what belongs together is not found across regions",
        f"put it into {wanted}, or name {region} in PS805.others",
        cause=cause,
        snippet=snippet,
    )


def _snippet(resource: Resource, mention: Mention) -> str:
    """The attribute with the provider's region in the place of the one it speaks of."""
    value = resource.value(mention.attribute)
    text = value.value if isinstance(value, Known) else None
    if mention.kind == "an awslogs-region":
        options = f'{{ "awslogs-region" = {HERE} }}'
        logs = f'{{ logDriver = "awslogs", options = {options} }}'
        return in_container(resource, "", f"logConfiguration = {logs}")
    if mention.kind == "an image":
        image = f'"ACCOUNT.dkr.ecr.${{{HERE}}}.amazonaws.com/REPOSITORY:TAG"'
        return in_container(resource, "", f"image = {image}")
    arn = f'"arn:aws:SERVICE:${{{HERE}}}:ACCOUNT:RESOURCE"'
    if isinstance(text, str) and text.lstrip().startswith("{"):
        document = f"jsonencode({{\n  Statement = [{{\n    Resource = {arn}\n  }}]\n}})"
        return edit(resource, f"{mention.attribute} = {document}")
    if not isinstance(text, str):
        # Somewhere inside a block or a list: what to write there.
        return block("locals", f"arn = {arn}")
    here = quoted(text).replace(mention.region, f"${{{HERE}}}")
    return edit(resource, f"{mention.attribute} = {here}")


def _written_accounts(resource: Resource) -> tuple[Note, ...]:
    """Account ids that stand in the configuration as text."""
    for path, one in resource.config.expressions() if resource.config else ():
        if isinstance(one.constant, Known) and ACCOUNT.search(str(one.constant)):
            why = f"{path} holds an account's id as text: data.aws_caller_identity tells it"
            return (Note(Level.INFO, why),)
    return ()
