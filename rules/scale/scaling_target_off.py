"""Services scale on CPU and on memory, at the agreed percentages.

## Why
One metric is blind to the other: a service that leaks memory at low CPU never scales out. All
target tracking policies of a service must agree before it scales in, so two are safe.

## Fix
Two such policies, one for `ECSServiceAverageCPUUtilization` at 70 and one for
`ECSServiceAverageMemoryUtilization` at 80:

```hcl
resource "aws_appautoscaling_policy" "cpu" {
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.app.service_namespace
  scalable_dimension = aws_appautoscaling_target.app.scalable_dimension
  resource_id        = aws_appautoscaling_target.app.resource_id

  target_tracking_scaling_policy_configuration {
    target_value = 70

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}
```

A policy for `ALBRequestCountPerTarget` may stand beside them. It needs a `resource_label`,
`app/<load balancer>/<id>/targetgroup/<target group>/<id>`, made of the two `arn_suffix`, and does
not work with blue/green deployments.

## When unknown
A target value or a metric is known only after apply, a policy's `resource_id` could not be
followed, or a policy works its metric out of several (`metrics`).

## Source
Amazon ECS Developer Guide, "Target tracking scaling policies"; Application Auto Scaling API
Reference, PredefinedMetricSpecification. The percentages are the reference platform's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policyscan.rule import (
    LOAD_BALANCERS,
    TARGET_GROUPS,
    Absent,
    Finding,
    Known,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Problem,
    Question,
    Resource,
    Rule,
    ScalableTarget,
    Severity,
    Step,
    Unknown,
    arguments,
    block,
    concluded,
    edit,
    for_each_of,
    new,
    number_of,
    passed,
    quoted,
    replace,
)

RULE = Rule(
    id="PS302",
    name="scaling-target-off",
    group="SCALE",
    severity=Severity.HIGH,
    title="Services scale on CPU and memory at the agreed percentages",
    types=("aws_appautoscaling_target",),
    parameters=(
        Parameter("cpu", 70.0, "CPU percent to hold", least=1, most=100),
        Parameter("memory", 80.0, "memory percent to hold", least=1, most=100),
    ),
)

CONFIGURATION = "target_tracking_scaling_policy_configuration"
TRACKING = f"{CONFIGURATION}[0]"
VALUE = f"{TRACKING}.target_value"
SPECIFICATION = "predefined_metric_specification"
METRIC = f"{TRACKING}.{SPECIFICATION}[0].predefined_metric_type"
LABEL = f"{TRACKING}.{SPECIFICATION}[0].resource_label"
CUSTOM = f"{TRACKING}.customized_metric_specification[0]"
PREDEFINED = {
    "cpu": "ECSServiceAverageCPUUtilization",
    "memory": "ECSServiceAverageMemoryUtilization",
}
SHOWN = {"cpu": "CPU", "memory": "memory"}
DIMENSIONS = {"ClusterName", "ServiceName"}
"""What tells one service's metric from that of its whole cluster."""
CUSTOMIZED = {"cpu": "CPUUtilization", "memory": "MemoryUtilization"}
REQUESTS = Known("ALBRequestCountPerTarget")
LABELLED = re.compile(r"app/[^/]+/[^/]+/targetgroup/[^/]+/[^/]+")
SYMPTOM = "the apply ends green; the number of tasks does not follow the load as agreed"
REFUSED = (
    "ValidationException: Resource label should be specified for predefined metric type "
    "ALBRequestCountPerTarget"
)
ID = "resource_id"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per scalable target of an ECS service."""
    for target in platform.scaling.targets:
        yield _judge(target, platform, parameters)


def _judge(target: ScalableTarget, platform: Platform, parameters: Parameters) -> Finding:
    policies = platform.scaling.policies_of(target)
    doubts = tuple(_doubts(target, platform))
    problems: list[Problem] = []
    questions: list[Question] = []
    path: list[Step] = [Step(target.address, ID)]
    for kind in PREDEFINED:
        mine = [policy for policy in policies if _measures(policy, kind)]
        path += [Step(each.address, VALUE, f"{kind} {parameters[kind]:g} %") for each in mine]
        if not mine and doubts:
            questions += doubts
        elif not mine:
            problems.append(_missing(target, kind, parameters[kind]))
        if len(mine) > 1:
            problems.append(_doubled(mine, kind))
        for policy in mine:
            problems += _wrong(policy, parameters[kind])
            if isinstance(policy.value(VALUE), Unknown):
                why = f"{policy.address}.{VALUE} is known only after apply: write it as a number"
                questions.append(Question(why, ID))
    for policy in policies:
        if policy.value(METRIC) == REQUESTS:
            problems += _by_requests(target, policy, platform)
    good = passed(target.address, "tracks CPU and memory as agreed", path=tuple(path), at=ID)
    start = Step(target.address, ID)
    told = [replace(each, path=(start, *each.path)) for each in problems]
    return concluded(good, told, questions)


def _doubts(target: ScalableTarget, platform: Platform) -> Iterator[Question]:
    """Why a policy that seems to be missing may be there."""
    for policy in platform.scaling.loose_policies:
        why = f"the service {policy.address}.resource_id is for could not be followed"
        yield Question(f"{why}; {platform.graph.advice}", ID)
    for policy in platform.scaling.policies_of(target):
        if isinstance(policy.value(METRIC), Unknown):
            why = f"which metric {policy.address} tracks for {target.address} is known only after "
            yield Question(f"{why}apply: write it as a constant", ID)
        if policy.elements(f"{CUSTOM}.metrics"):
            why = f"what {policy.address} tracks is worked out of several metrics: make sure that "
            yield Question(f"{why}it is what this rule asks for", ID)


def _measures(policy: Resource, kind: str) -> bool:
    metric = policy.value(METRIC)
    if isinstance(metric, Known):
        return str(metric).removesuffix("HighResolution") == PREDEFINED[kind]
    dimensions = {
        str(policy.value(f"{CUSTOM}.dimensions[{index}].name"))
        for index in range(len(policy.elements(f"{CUSTOM}.dimensions")))
    }
    return (
        policy.value(f"{CUSTOM}.metric_name") == Known(CUSTOMIZED[kind])
        and policy.value(f"{CUSTOM}.namespace") == Known("AWS/ECS")
        and dimensions == DIMENSIONS
    )


def _missing(target: ScalableTarget, kind: str, wanted: float) -> Problem:
    return Problem(
        f"no policy tracks {SHOWN[kind]}",
        (),
        SYMPTOM,
        f"Track {SHOWN[kind]} at {wanted:g} percent.",
        Phase.RUNTIME,
        snippet=_policy(target.resource, kind, wanted),
    )


def _policy(target: Resource, kind: str, wanted: float) -> str:
    """A policy for each instance of a target's block."""
    one, lines = for_each_of(target)
    own = arguments(
        name=quoted(kind),
        policy_type=quoted("TargetTrackingScaling"),
        service_namespace=f"{one}.service_namespace",
        scalable_dimension=f"{one}.scalable_dimension",
        resource_id=f"{one}.resource_id",
    )
    metric = block(SPECIFICATION, f"predefined_metric_type = {quoted(PREDEFINED[kind])}")
    tracking = block(CONFIGURATION, f"target_value = {wanted:g}", "", metric)
    name = f"{target.name}_{kind}"
    return new("aws_appautoscaling_policy", name, *lines, own, "", tracking)


def _doubled(policies: list[Resource], kind: str) -> Problem:
    names = " and ".join(policy.address for policy in policies)
    second, other = policies[1], {"cpu": "memory", "memory": "cpu"}[kind]
    metric = block(SPECIFICATION, f"predefined_metric_type = {quoted(PREDEFINED[other])}")
    return Problem(
        f"{names} both track {SHOWN[kind]}",
        (Step(second.address, METRIC),),
        SYMPTOM,
        f"Keep one of them, or let {second.address} track {SHOWN[other]}.",
        Phase.RUNTIME,
        snippet=edit(second, block(CONFIGURATION, metric)),
    )


def _wrong(policy: Resource, wanted: float) -> Iterator[Problem]:
    """What is wrong with a policy of the right metric."""
    where, value = policy.address, policy.value(VALUE)
    if policy.value("policy_type") != Known("TargetTrackingScaling"):
        yield Problem(
            f'{where}: policy_type is not "TargetTrackingScaling"',
            (Step(where, "policy_type"),),
            SYMPTOM,
            f"Say that {where} tracks a target: a policy scales by steps unless told otherwise.",
            Phase.RUNTIME,
            snippet=edit(policy, f"policy_type = {quoted('TargetTrackingScaling')}"),
        )
    elif policy.value(f"{TRACKING}.disable_scale_in") == Known(value=True):
        yield Problem(
            f"{where} never scales in: disable_scale_in is true",
            (Step(where, f"{TRACKING}.disable_scale_in", "true"),),
            SYMPTOM,
            f"Let {where} scale in as well.",
            Phase.RUNTIME,
            snippet=edit(policy, block(CONFIGURATION, "disable_scale_in = false")),
        )
    number = number_of(value)
    is_fraction = number is not None and number <= 1
    if isinstance(value, Known) and number != wanted:
        yield Problem(
            f"{where} tracks {value}, not {wanted:g}",
            (Step(where, VALUE, str(value)),),
            SYMPTOM,
            f"Let {where} hold {wanted:g} percent."
            + (f" It is in percent: {wanted:g}, not {value}." if is_fraction else ""),
            Phase.RUNTIME,
            snippet=edit(policy, block(CONFIGURATION, f"target_value = {wanted:g}")),
        )


def _by_requests(target: ScalableTarget, policy: Resource, platform: Platform) -> Iterator[Problem]:
    """What keeps a policy from counting the requests of a load balancer."""
    where = policy.address
    if says := _mislabelled(policy, platform):
        suffixes = '"${aws_lb.MAIN.arn_suffix}/${aws_lb_target_group.APP.arn_suffix}"'
        yield Problem(
            f"{where} counts requests and {says}",
            (Step(where, LABEL),),
            REFUSED,
            "Build resource_label from the arn_suffix of the load balancer and the target group.",
            snippet=edit(
                policy, block(CONFIGURATION, block(SPECIFICATION, f"resource_label = {suffixes}"))
            ),
        )
    for service in platform.services:
        strategy = service.resource.value("deployment_configuration[0].strategy")
        is_swapped = service.controller == "CODE_DEPLOY" or strategy == Known("BLUE_GREEN")
        if service.address in target.services and is_swapped:
            yield Problem(
                f"{where} counts requests, and {service.address} is deployed blue/green, which "
                "swaps the target group it counts for",
                (Step(where, METRIC),),
                SYMPTOM,
                f"Leave {where} out, and track CPU and memory alone.",
                Phase.RUNTIME,
                snippet=edit(policy, "count = 0"),
            )


def _mislabelled(policy: Resource, platform: Platform) -> str:
    """What is wrong with a resource_label, as the end of a sentence; "" when nothing is."""
    label = policy.value(LABEL)
    ends = platform.graph.resolve(policy, LABEL, (*LOAD_BALANCERS, *TARGET_GROUPS)).targets
    for end in ends:
        if end.attribute in {"arn", "id"}:
            return f"builds resource_label from {end.address}.{end.attribute}, not its arn_suffix"
    match label:
        case Absent():
            return "has no resource_label"
        case Known() if not LABELLED.fullmatch(str(label)):
            return f"has a resource_label {label} that names no load balancer and target group"
    return ""
