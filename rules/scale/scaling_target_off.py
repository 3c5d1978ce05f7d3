"""Services scale on CPU and on memory, at the agreed percentages.

## Why
One metric is blind to the other: a service that leaks memory at low CPU never scales out. All
target tracking policies of a service must agree before it scales in, so two are safe.

## Fix
Two `aws_appautoscaling_policy` resources with `policy_type = "TargetTrackingScaling"`, one for
`ECSServiceAverageCPUUtilization` and one for `ECSServiceAverageMemoryUtilization`.

## When unknown
A target value or a metric is known only after apply, or a policy's `resource_id` could not be
followed.

## Source
Amazon ECS Developer Guide, "Target tracking scaling policies"; Application Auto Scaling API
Reference, PredefinedMetricSpecification. The percentages are the reference platform's.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Finding,
    Known,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    ScalableTarget,
    Severity,
    Step,
    Unknown,
    fail,
    number_of,
    passed,
    undetermined,
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

TRACKING = "target_tracking_scaling_policy_configuration[0]"
VALUE = f"{TRACKING}.target_value"
METRIC = f"{TRACKING}.predefined_metric_specification[0].predefined_metric_type"
CUSTOM = f"{TRACKING}.customized_metric_specification[0]"
PREDEFINED = {
    "cpu": "ECSServiceAverageCPUUtilization",
    "memory": "ECSServiceAverageMemoryUtilization",
}
DIMENSIONS = {"ClusterName", "ServiceName"}
"""What tells one service's metric from that of its whole cluster."""
CUSTOMIZED = {"cpu": "CPUUtilization", "memory": "MemoryUtilization"}


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per scalable target of an ECS service."""
    for target in platform.scaling.targets:
        yield _judge(target, platform, parameters)


def _judge(target: ScalableTarget, platform: Platform, parameters: Parameters) -> Finding:
    policies = platform.scaling.policies_of(target)
    problems: list[tuple[str, Step]] = []
    unknowns: list[str] = []
    path: list[Step] = []
    for kind in ("cpu", "memory"):
        mine = [policy for policy in policies if _measures(policy, kind)]
        if not mine:
            problems.append((f"no policy tracks {kind}", Step(target.address, "resource_id")))
        if len(mine) > 1:
            names = " and ".join(policy.address for policy in mine)
            problems.append((f"{names} both track {kind}", Step(mine[1].address, METRIC)))
        for policy in mine:
            path.append(Step(policy.address, VALUE, f"{kind} {parameters[kind]:g} %"))
            problem, unknown = _wrong(policy, parameters[kind])
            problems += [(problem, Step(policy.address, VALUE))] if problem else []
            unknowns += [unknown] if unknown else []
    doubts = _doubts(target, policies, platform)
    if problems and not (doubts and problems[0][0].startswith("no policy")):
        return fail(
            target.address,
            "; ".join(problem for problem, _ in problems),
            path=tuple(dict.fromkeys(step for _, step in problems)),
            at="resource_id",
            strikes=Phase.RUNTIME,
            fix=f"track CPU at {parameters['cpu']:g} and memory at {parameters['memory']:g} with "
            'two policies of policy_type = "TargetTrackingScaling"',
        )
    if problems:
        unknowns += doubts
    if unknowns:
        return undetermined(target.address, "; ".join(unknowns), at="resource_id")
    says = "tracks CPU and memory as agreed"
    return passed(target.address, says, path=tuple(path), at="resource_id")


def _doubts(
    target: ScalableTarget, policies: tuple[Resource, ...], platform: Platform
) -> list[str]:
    """Why a policy that seems to be missing may be there."""
    loose = [
        f"the service {policy.address}.resource_id is for could not be followed"
        for policy in platform.scaling.loose_policies
        if policy not in policies
    ]
    return loose + [
        f"which metric {policy.address} tracks for {target.address} is known only after apply"
        for policy in policies
        if isinstance(policy.value(METRIC), Unknown)
    ]


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


def _wrong(policy: Resource, wanted: float) -> tuple[str, str]:
    """What is wrong with a policy, and what is not known of it; "" where nothing is."""
    if policy.value("policy_type") != Known("TargetTrackingScaling"):
        return f'{policy.address}: policy_type is not "TargetTrackingScaling"', ""
    if policy.value(f"{TRACKING}.disable_scale_in") == Known(value=True):
        return f"{policy.address} never scales in: disable_scale_in is true", ""
    match policy.value(VALUE):
        case Known() as known if number_of(known) != wanted:
            return f"{policy.address} tracks {known}, not {wanted:g}", ""
        case Unknown():
            return "", f"{policy.address}.{VALUE} is known only after apply"
    return "", ""
