"""A deployment has room to replace tasks one by one, and notices when it fails.

## Why
During a deployment ECS keeps `deployment_minimum_healthy_percent` of the tasks running and starts
no more than `deployment_maximum_percent`. Of the two, ECS rounds one up and the other down: with
few tasks, percentages that look generous leave room for none. Nothing fails then. The deployment
stands still, and old tasks run on.

## Fix
    deployment_minimum_healthy_percent = 100
    deployment_maximum_percent         = 200

    deployment_circuit_breaker {
      enable   = true
      rollback = true
    }

Without a circuit breaker, or an alarm, a deployment whose tasks keep dying goes on for hours.
`PS118.breaker` says whether that fails.

## When unknown
A percentage is known only after apply. Where the number of tasks is, only the percentages by
themselves are judged.

## Source
Amazon ECS Developer Guide, "Service deployment parameters" and "Service event messages"; API
Reference, DeploymentConfiguration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from policyscan.rule import (
    Finding,
    Known,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Problem,
    Question,
    Rule,
    Service,
    Severity,
    Step,
    Unknown,
    arguments,
    block,
    concluded,
    edit,
    effective,
    not_applicable,
    number_of,
    passed,
)

RULE = Rule(
    id="PS118",
    name="deployment-cannot-roll",
    group="DEPLOY",
    severity=Severity.HIGH,
    title="Deployment percentages leave room, failure is detected",
    types=("aws_ecs_service",),
    parameters=(
        Parameter(
            "breaker",
            "required",
            "whether a circuit breaker or an alarm has to end a failing deployment, or may",
            choices=("required", "any"),
        ),
    ),
)

LEAST, MOST = "deployment_minimum_healthy_percent", "deployment_maximum_percent"
WHOLE = 100
SHOWN = 3
"""Numbers of tasks that a message tells."""
BREAKER = "deployment_circuit_breaker[0]."
FIX = "let a deployment start as many new tasks as there are, and stop none of the old before"
ROOMY = arguments(**{LEAST: "100", MOST: "200"})
BOTH_100 = (
    "InvalidParameterException: Both maximumPercent and minimumHealthyPercent cannot be 100 as "
    "this will block deployments."
)
STUCK = (
    "(service %s) was unable to stop or start tasks during a deployment because of the service "
    "deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try "
    "again."
)


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per service."""
    for service in platform.services:
        strategy = service.resource.value("deployment_configuration[0].strategy")
        if service.controller != "ECS":
            why = f"{service.controller} deployments do not go by these percentages"
            yield not_applicable(service.address, why)
        elif service.is_daemon:
            yield not_applicable(
                service.address, "a DAEMON service stops a task before it starts one"
            )
        elif isinstance(strategy, Known) and strategy.value != "ROLLING":
            why = f"{strategy} deployments do not go by these percentages"
            yield not_applicable(service.address, why)
        else:
            yield _judge(service, platform, parameters)
    for address in platform.graph.gated_off("aws_ecs_service"):
        yield not_applicable(address, "the service is gated off: nothing runs")


def _judge(service: Service, platform: Platform, parameters: Parameters) -> Finding:
    percents = {name: number_of(effective(service.resource, name)) for name in (LEAST, MOST)}
    questions = [
        Question(f"{service.address}.{name} is known only after apply: write it down", name)
        for name, percent in percents.items()
        if percent is None
    ]
    least, most = percents[LEAST], percents[MOST]
    problems: list[Problem] = []
    if least is not None and most is not None:
        problems += _room(service, platform, least, most)
    match parameters["breaker"] == "any" or _notices(service):
        case False:
            problems.append(_blind(service))
        case None:
            why = (
                f"whether {service.address} notices a failed deployment is known only after apply: "
                "write down what deployment_circuit_breaker is to do"
            )
            questions.append(Question(why, f"{BREAKER}enable"))
    path = (Step(service.address, LEAST), Step(service.address, MOST))
    says = "a deployment has room to replace its tasks, and notices when it fails"
    return concluded(passed(service.address, says, path=path), problems, questions)


def _room(service: Service, platform: Platform, least: float, most: float) -> Iterator[Problem]:
    shown = f"{LEAST} is {least:g} and {MOST} {most:g}"
    steps = (Step(service.address, LEAST, f"{least:g}"), Step(service.address, MOST, f"{most:g}"))
    roomy = edit(service.resource, ROOMY)
    if least > WHOLE or most < WHOLE or least >= most:
        symptom = BOTH_100 if least == most else "InvalidParameterException"
        yield Problem(f"{shown}: no deployment can go by that", steps, symptom, FIX, snippet=roomy)
        return

    def is_stuck(count: int) -> bool:
        # What is less than one task up or down is nothing: ECS rounds towards standing still.
        return count * most // 100 <= count <= -(-count * least // 100)

    counts, source = _counts(service, platform)
    # With more tasks there is more room, so those without any come first.
    if stuck := [*takewhile(is_stuck, counts)]:
        step = Step(*source, _listed(stuck[:1]))
        name = service.resource.value("name")
        yield Problem(
            f"{shown}: with {_listed(stuck)} none can be started and none stopped",
            (*steps, step),
            STUCK % (name if isinstance(name, Known) else service.address),
            FIX,
            strikes=Phase.RUNTIME,
            snippet=roomy,
        )


def _counts(service: Service, platform: Platform) -> tuple[Sequence[int], tuple[str, str]]:
    """The numbers of tasks it may run, and the address and attribute that say so."""
    targets = [t for t in platform.scaling.targets_of(service) if t.services == (service.address,)]
    for target in targets:
        low = number_of(target.resource.value("min_capacity"))
        high = number_of(target.resource.value("max_capacity"))
        if low is not None and high is not None:
            counts = range(max(int(low), 1), int(high) + 1)
            return counts, (target.address, "min_capacity")
    count = number_of(service.resource.value("desired_count"))
    return (int(count),) if count else (), (service.address, "desired_count")


def _listed(counts: list[int]) -> str:
    """Example: [2, 3] is "2 or 3 tasks"."""
    more = " or more" if len(counts) > SHOWN else ""
    return f"{' or '.join(map(str, counts[:SHOWN]))}{more} task{'' if counts == [1] else 's'}"


def _notices(service: Service) -> bool | None:
    """Whether a circuit breaker or an alarm ends a failing deployment and goes back."""
    read = service.resource.value
    ways = [[read(f"{block}enable"), read(f"{block}rollback")] for block in (BREAKER, "alarms[0].")]
    breaker, alarm = ways
    if all(each == Known(value=True) for each in breaker) or alarm[0] == Known(value=True):
        return True
    return None if any(isinstance(each, Unknown) for way in ways for each in way) else False


def _blind(service: Service) -> Problem:
    is_on = service.resource.value(f"{BREAKER}enable") == Known(value=True)
    attribute = f"{BREAKER}rollback" if is_on else "deployment_circuit_breaker"
    says = "stops and stays broken" if is_on else "goes on for hours"
    return Problem(
        f"a deployment whose tasks keep failing {says}: it has no circuit breaker that rolls back",
        (Step(service.address, attribute),),
        "(service ...) (deployment ...) deployment failed: tasks failed to start."
        if is_on
        else "the deployment stays IN_PROGRESS while its tasks fail one after the other",
        "let a circuit breaker stop it and go back to what ran before",
        strikes=Phase.RUNTIME,
        severity=Severity.LOW,
        snippet=edit(
            service.resource,
            block("deployment_circuit_breaker", arguments(enable="true", rollback="true")),
        ),
    )
