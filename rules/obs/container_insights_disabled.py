"""Every ECS cluster must have Container Insights on.

Without it there are no metrics of tasks and containers: what a service uses of its CPU and memory,
how often its tasks restart, how much it sends and receives. They are missed when something breaks,
and they cannot be had for the time before.

## Why
A cluster without a `setting` block takes the account's default, which is off unless somebody
changed it. The plan of the cluster does not show that.

## Fix
    setting {
      name  = "containerInsights"
      value = "enabled" # or "enhanced"
    }

An `aws_ecs_account_setting_default` for `containerInsights` in the same plan serves clusters that
it makes, if they come after it: `depends_on = [aws_ecs_account_setting_default.insights]`.

## When unknown
The setting's value is known only after apply. Give it a constant or a variable, or apply what it
waits for first.

## Source
Amazon ECS API Reference, ClusterSetting; Amazon ECS Developer Guide, "Monitor Amazon ECS containers
using Container Insights with enhanced observability". Checkov has the same in CKV_AWS_65.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyscan.rule import (
    Agrees,
    Certainty,
    Finding,
    Index,
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
    Unknown,
    arguments,
    block,
    edit,
    fail,
    passed,
    quoted,
    undetermined,
)

RULE = Rule(
    id="PS402",
    name="container-insights-disabled",
    group="OBS",
    severity=Severity.MEDIUM,
    title="Every ECS cluster has Container Insights on",
    types=("aws_ecs_cluster",),
    checkov=(Agrees("CKV_AWS_65", "a cluster with Container Insights"),),
)

ON = ("enabled", "enhanced")
SETTING = block("setting", arguments(name=quoted("containerInsights"), value=quoted("enabled")))


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per cluster."""
    defaults = Index(
        (each, (each.value("region"),))
        for each in platform.graph.of_type("aws_ecs_account_setting_default")
        if not each.is_deleted and each.value("name") == Known("containerInsights")
    )
    for cluster in platform.graph.of_type("aws_ecs_cluster"):
        if not cluster.is_deleted:
            yield _judge(cluster, defaults, platform)


def _judge(cluster: Resource, defaults: Index[Resource], platform: Platform) -> Finding:
    for index in range(len(cluster.elements("setting"))):
        at = f"setting[{index}].value"
        path = (Step(cluster.address, at),)
        # AWS knows no other setting of a cluster.
        value = cluster.value(at)
        if not isinstance(value, Known):
            return undetermined(
                cluster.address,
                f"{cluster.address}.setting is known only after apply: write its name and value as "
                "constants, or apply what they wait for first",
                path=path,
            )
        if value.value in ON:
            return passed(cluster.address, f"containerInsights is {value}", path=path)
        return _off(cluster, at, f"sets containerInsights to {value}")
    says = "has no containerInsights setting: the account's default applies, which is off"
    here = defaults.one_by_one(cluster.value("region"))
    return _by_account(cluster, here, platform) or _off(cluster, "setting", says)


def _by_account(
    cluster: Resource, defaults: Iterable[Resource], platform: Platform
) -> Finding | None:
    """What a default that this plan holds for the account makes of a cluster without a setting."""
    for default in defaults:
        path = (Step(cluster.address, "setting", "not set"), Step(default.address, "value"))
        match default.value("value"):
            case Known(value) as shown if value in ON:
                says = f"{default.address} sets the account's default to {shown}"
                if not default.is_created or platform.graph.depends_on(
                    cluster.address, default.address
                ):
                    return passed(cluster.address, says, path=path)
                late = Note(Level.WARNING, f"nothing makes it wait for {default.address}")
                inferred = Certainty.INFERRED
                return passed(cluster.address, says, path=path, notes=(late,), certainty=inferred)
            case Unknown():
                return undetermined(
                    cluster.address,
                    f"{default.address}.value is known only after apply: write it as a constant",
                    path=path,
                )
    return None


def _off(cluster: Resource, at: str, says: str) -> Finding:
    return fail(
        cluster.address,
        f"{cluster.address} {says}: there will be no metrics of its tasks",
        path=(Step(cluster.address, at),),
        strikes=Phase.RUNTIME,
        symptom="the apply ends green; CloudWatch has no metrics of tasks and containers",
        fix="Turn Container Insights on.",
        snippet=edit(cluster, SETTING),
    )
