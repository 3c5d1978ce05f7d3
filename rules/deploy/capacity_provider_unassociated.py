"""A service asks only for capacity providers that its cluster has been given before.

`FARGATE` and `FARGATE_SPOT` exist in every account, and still a cluster has them only after
`aws_ecs_cluster_capacity_providers` has attached them.

## Why
Nothing in a service refers to that attachment, so Terraform makes both at the same time: the
service is refused, and the next apply succeeds. Where nothing attaches the provider, no apply does.

## Fix
```hcl
resource "aws_ecs_cluster_capacity_providers" "main" {
  cluster_name       = aws_ecs_cluster.main.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
}

resource "aws_ecs_service" "app" {
  capacity_provider_strategy {
    capacity_provider = "FARGATE_SPOT"
    weight            = 1
  }

  depends_on = [aws_ecs_cluster_capacity_providers.main]
}
```
One provider of a strategy may have a base, one of several needs a weight, those of Fargate and
those of Auto Scaling groups do not mix, and a launch type beside a strategy is refused.

## When unknown
The cluster is not in this plan, or stands already and nothing in the plan attaches providers to it;
or names are known only after apply. Give `--source-dir`.

## Source
Amazon ECS API Reference, CreateService, capacityProviderStrategy; AWS provider documentation,
`aws_ecs_cluster_capacity_providers`.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    AttachedProviders,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Platform,
    Problem,
    Question,
    Rule,
    Service,
    Severity,
    Share,
    Step,
    arguments,
    attached_to,
    block,
    concluded,
    edit,
    gives_already,
    in_module,
    new,
    not_applicable,
    passed,
    quoted,
    shares_of,
    together,
    wait_for,
)

RULE = Rule(
    id="PS116",
    name="capacity-provider-unassociated",
    group="DEPLOY",
    severity=Severity.HIGH,
    title="Strategy providers are attached to the cluster first",
    types=("aws_ecs_service",),
)

BAD = "InvalidParameterException: "
NOT_ATTACHED = (
    f"{BAD}The specified capacity provider strategy cannot contain a capacity provider that is not "
    "associated with the cluster."
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        shares = shares_of(service)
        if shares:
            yield _judge(service, shares, platform)
        else:
            yield not_applicable(service.address, "it has no capacity provider strategy of its own")
    for address in platform.graph.gated_off("aws_ecs_service"):
        yield not_applicable(address, "the service is gated off: nothing runs")


def _judge(service: Service, shares: tuple[Share, ...], platform: Platform) -> Finding:
    attached = attached_to(service, platform.graph)
    problems = [*_mixture(service, shares)]
    questions = []
    if attached is None:
        why = f"{service.address}.cluster is not in this plan, nor what it has been given"
        questions.append(Question(f"{why}: make sure that it has what is asked for", "cluster"))
    for share in shares:
        path = f"{share.path}.capacity_provider"
        if not share.provider:
            why = f"{service.address}.{path} is known only after apply; {platform.graph.advice}"
            questions.append(Question(why, path))
        elif attached is not None:
            match _place(service, share, attached, platform):
                case Problem() as problem:
                    problems.append(problem)
                case Question() as question:
                    questions.append(question)
    is_spot = all(share.provider == "FARGATE_SPOT" for share in shares)
    text = "all its tasks are FARGATE_SPOT: AWS may take them away together"
    good = passed(
        service.address,
        "its cluster has what it asks for",
        path=tuple(Step(service.address, f"{share.path}.capacity_provider") for share in shares),
        notes=(Note(Level.INFO, text),) if is_spot else (),
    )
    return concluded(good, problems, questions)


def _place(
    service: Service, share: Share, attached: AttachedProviders, platform: Platform
) -> Problem | Question | None:
    """Whether the cluster has a provider by the time the service is made."""
    cluster, giver = attached.cluster, attached.giver
    own = Step(service.address, f"{share.path}.capacity_provider", share.provider)
    if attached.providers is None:
        where = f"{(giver or cluster).address}.capacity_providers"
        return Question(
            f"{where} is known only after apply; {platform.graph.advice}", own.attribute
        )
    if share.provider not in attached.providers:
        if giver is None and not cluster.is_created:
            why = f"nothing in this plan attaches {share.provider} to {cluster.address}, which "
            return Question(f"{why}stands already: make sure that it has it", own.attribute)
        address = (giver or cluster).address
        return Problem(
            f"nothing attaches {share.provider} to {cluster.address}",
            (own, Step(service.address, "cluster"), Step(address, "capacity_providers")),
            NOT_ATTACHED,
            f"attach {share.provider} to {cluster.address} with {giver.address}"
            if giver
            else f"attach {share.provider} to {cluster.address}, and let {service.address} wait "
            "for that",
            cause=address,
            snippet=_attachment(attached, share.provider, service),
        )
    if giver is None or gives_already(giver, share.provider) or not service.resource.is_created:
        return None
    if platform.graph.depends_on(service.address, giver.address):
        return None
    if hidden := platform.hides_references(service.resource):
        why = f"whether it waits for {giver.address} is not in the plan: {hidden}"
        return Question(why, own.attribute)
    wait = wait_for(platform.graph, service.resource, giver)
    return Problem(
        f"it does not wait until {giver.address} has attached {share.provider}",
        (own, Step(giver.address, "capacity_providers", "this plan attaches it")),
        NOT_ATTACHED,
        wait.fix,
        cause=giver.address,
        snippet=wait.snippet,
    )


def _attachment(attached: AttachedProviders, provider: str, service: Service) -> str:
    """The cluster's providers, with the one that is missing, and the service waiting for it."""
    kept = dict.fromkeys((*(attached.providers or ()), provider))
    names = f"[{', '.join(map(quoted, kept))}]"
    if attached.giver is not None:
        return edit(attached.giver, f"capacity_providers = {names}")
    kind, name = "aws_ecs_cluster_capacity_providers", attached.cluster.name
    cluster = f"{in_module(attached.cluster.address)}.name"
    made = new(kind, name, arguments(cluster_name=cluster, capacity_providers=names))
    is_near = attached.cluster.module == service.resource.module
    waits = edit(service.resource, f"depends_on = [{kind}.{name}]")
    return together(made, waits if is_near else "")


def _mixture(service: Service, shares: tuple[Share, ...]) -> Iterator[Problem]:
    """What AWS refuses about a strategy by itself."""
    resource = service.resource
    launch_type = resource.value("launch_type")
    if resource.is_created and isinstance(launch_type, Known):
        text = "Specifying both a launch type and capacity provider strategy is not supported."
        message = f"it has launch_type = {launch_type} beside its strategy"
        cure = "leave launch_type out", "# no launch_type"
        yield _problem(service, "launch_type", message, text, cure)
    if sum(1 for share in shares if share.base) > 1:
        text = "only one capacity provider in a strategy can have a base defined."
        cure = "let one of them have a base", _strategy(shares[0].provider, base="1")
        yield _problem(service, _second(shares), "two providers have a base", text, cure)
    if len(shares) > 1 and all(share.weight == 0 for share in shares):
        text = "at least one capacity provider must have a weight greater than 0."
        message = "none of its providers has a weight"
        cure = "give one of them a weight", _strategy(shares[0].provider)
        yield _problem(service, f"{shares[0].path}.weight", message, text, cure)
    named = [share for share in shares if share.provider]
    if len({share.is_fargate for share in named}) > 1:
        text = "a strategy cannot mix Fargate and Auto Scaling group capacity providers."
        path = f"{named[0].path}.capacity_provider"
        cure = "take one kind of them", _strategy("FARGATE")
        yield _problem(service, path, "it mixes Fargate and machines", text, cure)


def _second(shares: tuple[Share, ...]) -> str:
    return [f"{share.path}.base" for share in shares if share.base][1]


def _strategy(provider: str, **more: str) -> str:
    values = {"capacity_provider": quoted(provider or "PROVIDER"), "weight": "1", **more}
    return block("capacity_provider_strategy", arguments(**values))


def _problem(
    service: Service, attribute: str, message: str, says: str, cure: tuple[str, str]
) -> Problem:
    """`cure` is what to do, and what then stands in the service's block."""
    path, (fix, body) = (Step(service.address, attribute),), cure
    snippet = edit(service.resource, body)
    return Problem(message, path, BAD + says, fix, snippet=snippet)
