"""A service is destroyed before what it needs to stop its tasks.

## Why
Terraform destroys in the reverse order of what depends on what. A service does not refer to the
policies of its roles: nothing keeps Terraform from taking those away first. ECS can then no longer
deregister the tasks it stops, and the service hangs in DRAINING until the destroy times out.

## Fix
    resource "aws_ecs_service" "app" {
      depends_on = [aws_iam_role_policy_attachment.execution]
    }

It helps in the other direction as well: no task starts before its permissions are there.

A capacity provider does not go while a service runs on it: a plan that replaces one waits for that
until it times out. What else makes a destroy slow is noted: a long `deregistration_delay` or
`stopTimeout`.

## When unknown
What the service waits for stands in a local: give `--source-dir`.

## Source
AWS provider documentation, `aws_ecs_service`, the note on `depends_on`;
hashicorp/terraform-provider-aws issues 3414 and 14393.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    TARGET_GROUPS,
    Finding,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Problem,
    Question,
    Resource,
    Rule,
    Service,
    Severity,
    Step,
    block,
    concluded,
    edit,
    not_applicable,
    number,
    passed,
    wait_for,
)

RULE = Rule(
    id="PS707",
    name="destroy-order-unsafe",
    group="LIFECYCLE",
    severity=Severity.MEDIUM,
    title="Destroy will not hang on draining services",
    types=("aws_ecs_service",),
)

ROLE = "aws_iam_role"
POLICIES = {"aws_iam_role_policy": "role", "aws_iam_role_policy_attachment": "role"}
PROVIDER = "aws_ecs_capacity_provider"
IN_USE = (
    "waiting for ECS Capacity Provider (...) to delete: timeout while waiting for resource to be "
    "gone (last state: 'ACTIVE', timeout: 20m0s)"
)
DRAINING = "timeout while waiting for state to become 'INACTIVE' (last state: 'DRAINING')"
LONGEST = 60
"""Seconds of deregistration that a destroy may take for each service without a word."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform)
    for address in platform.graph.gated_off("aws_ecs_service"):
        yield not_applicable(address, "the service is gated off: nothing runs")


def _judge(service: Service, platform: Platform) -> Finding:
    definition, _ = platform.definition_of(service)
    holders = [(service.resource, "iam_role", Severity.MEDIUM)]
    if definition is not None:
        # Fargate and the service-linked role do the rest: this order matters less.
        holders.append((definition, "execution_role_arn", Severity.LOW))
    has_policy = False
    missing: list[tuple[Resource, Resource, Severity]] = []
    for holder, attribute, severity in holders:
        for role, policy in _policies(holder, attribute, platform):
            has_policy = True
            if not platform.graph.depends_on(service.address, policy.address):
                missing.append((role, policy, severity))
    problems = list(_replaced_providers(service, platform))
    questions: list[Question] = []
    if missing and (hidden := platform.hides_references(service.resource)):
        why = f"whether it waits for {missing[0][1].address} is not in the plan: {hidden}"
        questions.append(Question(why, "depends_on"))
    elif missing:
        problems.insert(0, _problem(service, missing, platform))
    if not has_policy and not problems:
        return not_applicable(service.address, "no policy of its roles is in this plan")
    path = (Step(service.address, "depends_on"),)
    says = "it is destroyed before the policies of its roles"
    notes = tuple(_slow(service, definition, platform))
    return concluded(passed(service.address, says, path=path, notes=notes), problems, questions)


def _policies(
    holder: Resource, attribute: str, platform: Platform
) -> Iterator[tuple[Resource, Resource]]:
    """The role an attribute names, with each policy of this plan that it has."""
    for target in platform.graph.resolve(holder, attribute, [ROLE]).targets:
        role = platform.graph.resource_of(target)
        if not target.is_sure:
            continue
        for policy, edges in platform.graph.joins(POLICIES, [ROLE]).to(role.address):
            if any(each.is_sure for each in edges) and not policy.is_deleted:
                yield role, policy


def _problem(
    service: Service, missing: list[tuple[Resource, Resource, Severity]], platform: Platform
) -> Problem:
    policies = [policy for _, policy, _ in missing]
    named = " and ".join(each.address for each in policies)
    steps = (Step(policy.address, "role", role.address) for role, policy, _ in missing)
    return Problem(
        f"it does not wait for {named}: a destroy may take the permissions away while it drains",
        (Step(service.address, "depends_on", f"does not lead to {policies[0].address}"), *steps),
        DRAINING,
        f"have {service.address} wait for {named}: what waits is destroyed first",
        strikes=Phase.DESTROY,
        severity=missing[0][2],
        cause=policies[0].address,
        snippet=wait_for(platform.graph, service.resource, *policies).snippet,
    )


def _replaced_providers(service: Service, platform: Platform) -> Iterator[Problem]:
    """Capacity providers this plan replaces while the service runs on them."""
    size = len(service.resource.elements("capacity_provider_strategy"))
    paths = [f"capacity_provider_strategy[{index}].capacity_provider" for index in range(size)]
    for path in paths if not service.resource.is_created else ():
        for target in platform.graph.resolve(service.resource, path, [PROVIDER]).targets:
            provider = platform.graph.resource_of(target)
            if "delete" not in provider.actions or not target.is_sure:
                continue
            yield Problem(
                f"it runs on {target.address}, which this plan replaces",
                (Step(service.address, path), Step(target.address, "", "replaced by this plan")),
                IN_USE,
                f"have the association be replaced with {target.address}, or give the new one "
                "another name and create it first",
                strikes=Phase.APPLY,
                cause=target.address,
                snippet=edit(provider, block("lifecycle", "create_before_destroy = true")),
            )


def _slow(service: Service, definition: Resource | None, platform: Platform) -> Iterator[Note]:
    """What keeps every destroy waiting: target groups, and containers that are slow to stop."""
    for target in platform.graph.resolve(service.resource, "load_balancer", TARGET_GROUPS).targets:
        group = platform.graph.resource_of(target)
        # The provider has this number as a text.
        delay = str(group.value("deregistration_delay"))
        if delay.isdecimal() and int(delay) > LONGEST:
            text = f"a destroy waits {delay} seconds until {target.address} lets go of its targets"
            yield Note(Level.INFO, text)
    for container in platform.images.of(definition).containers if definition else ():
        seconds = number(container, "stopTimeout")
        if seconds is not None and seconds > LONGEST:
            text = f"a destroy may wait {seconds} seconds until container {container.shown} stops"
            yield Note(Level.INFO, text)
