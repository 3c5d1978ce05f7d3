"""Every container logs, and its log group is there before it starts.

With `awslogs` a task opens a log stream before its container runs. A log group that does not
exist yet, or under another name or in another region, stops the task; without a group, a region
and, on Fargate, a stream prefix among the options, ECS refuses the task definition.

## Why
The name of a log group is often written twice, as text. Terraform then knows of no order between
the group and the service, and of no connection that a typing mistake would break.

## Fix
```hcl
logConfiguration = {
  logDriver = "awslogs"
  options = {
    awslogs-group         = aws_cloudwatch_log_group.app.name
    awslogs-region        = aws_cloudwatch_log_group.app.region
    awslogs-stream-prefix = "app"
  }
}
```

`awslogs-create-group` makes a group that keeps its events for ever and that Terraform does not
know; it fails here, with a lower severity. So does a container that does not log at all. Neither
fails where `PS109.unlogged` is `pass`: tasks start all the same. `PS109.elsewhere` says how the
names of groups start that another configuration keeps.

## When unknown
The options are known only after apply (give `--source-dir`), or the name of a group is, or the
group is kept elsewhere.

## Source
Amazon ECS Developer Guide, "Send Amazon ECS logs to CloudWatch"; Amazon ECS API Reference,
LogConfiguration.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policyscan.rule import (
    Certainty,
    Finding,
    Group,
    Known,
    Logging,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Struct,
    Verdict,
    arguments,
    block,
    fail,
    hcl,
    in_container,
    new,
    passed,
    quoted,
    reference,
    together,
    undetermined,
    worst,
)

RULE = Rule(
    id="PS109",
    name="log-group-not-ready",
    group="DEPLOY",
    severity=Severity.CRITICAL,
    title="Containers log, to log groups that exist before their tasks start",
    types=("aws_ecs_task_definition",),
    parameters=(
        Parameter("elsewhere", (), "how the names of log groups start that are kept elsewhere"),
        Parameter(
            "unlogged",
            "fail",
            "whether containers that do not log, or make their log group, `fail` or `pass`",
            choices=("fail", "pass"),
        ),
    ),
)

AT = "container_definitions"
MISSING = (
    "ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log "
    "stream: ResourceNotFoundException: The specified log group does not exist."
)
REFUSED = {
    "awslogs-group": "Log driver awslogs requires options: awslogs-group",
    "awslogs-region": "Log driver awslogs requires options: awslogs-region",
    "awslogs-stream-prefix": "Fargate requires log configuration options to include "
    "awslogs-stream-prefix to support log driver awslogs.",
}
NO_ROUTER = (
    "ClientException: When awsfirelens log driver is specified in log configuration, a firelens "
    "configuration object must be configured in one of the containers."
)
GROUP = "aws_cloudwatch_log_group"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per task definition."""
    for definition in platform.task_definitions:
        if why := platform.images.of(definition).invalid:
            yield undetermined(definition.address, f"{definition.address}.{why}", at=AT)
        elif (found := platform.logs.of(definition)) is None:
            why = f"how the containers of {definition.address} log is known only after apply"
            why = f"{why}; {platform.graph.advice}"
            yield undetermined(definition.address, why, at=AT)
        else:
            judge = _Judge(definition, platform, parameters, platform.logs.routers(definition))
            yield _gravest([judge.container(each) for each in found] or [judge.empty()])


def _gravest(findings: list[Finding]) -> Finding:
    """Of several failures the severest, else what decides for all."""
    order = list(Severity)
    failures = [each for each in findings if each.verdict is Verdict.FAIL]
    failures.sort(key=lambda each: order.index(each.severity or RULE.severity))
    return worst(failures[:1] or findings)


class _Judge(Struct, frozen=True):
    """Judges the containers of one task definition."""

    definition: Resource
    platform: Platform
    parameters: Parameters
    routers: tuple[str, ...]

    @property
    def address(self) -> str:
        return self.definition.address

    def empty(self) -> Finding:
        return passed(self.address, "it has no containers", at=AT)

    def container(self, logging: Logging) -> Finding:
        name = f"container {logging.container}" if logging.container else "a container"
        if not logging.driver and logging.container in self.routers:
            return passed(self.address, f"{name} takes the logs of the others", at=AT)
        if logging.driver == "awsfirelens" and not self.routers:
            return self._fail(
                f"{name} logs with awsfirelens, and no container of the task routes logs",
                symptom=NO_ROUTER,
                strikes=Phase.APPLY,
                fix="add a container with a firelensConfiguration, or log with awslogs",
                snippet=in_container(
                    self.definition,
                    "log-router",
                    'image = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"',
                    "",
                    block("firelensConfiguration =", 'type = "fluentbit"'),
                ),
            )
        if not logging.driver:
            if self.parameters["unlogged"] == "pass":
                return passed(self.address, f"{name} starts without logging", at=AT)
            return self._fail(
                f"{name} has no logConfiguration: what it says is lost",
                severity=Severity.MEDIUM,
                strikes=Phase.RUNTIME,
                symptom="nothing: the task runs, and no log says why when it stops",
                fix=f"let {name} log to a log group of this plan",
                snippet=self._snippet(logging, None),
            )
        if logging.driver != "awslogs":
            return passed(self.address, f"{name} logs with {logging.shown(logging.driver)}", at=AT)
        for option in self._lacking(logging):
            return self._fail(
                f"{name} logs with awslogs and without {option}",
                symptom=REFUSED[option],
                strikes=Phase.APPLY,
                fix=f"give {name} the option {option}",
                snippet=self._snippet(logging, self.platform.logs.group(logging).resource),
            )
        return self._group(name, logging, self.platform.logs.group(logging))

    def _lacking(self, logging: Logging) -> list[str]:
        on_fargate = Known("FARGATE") in self.definition.elements("requires_compatibilities")
        wanted = list(REFUSED) if on_fargate else ["awslogs-group"]
        return [one for one in wanted if logging.is_whole and not logging.option(one)]

    def _group(self, name: str, logging: Logging, group: Group) -> Finding:
        creates = logging.option("awslogs-create-group") == "true"
        resource = group.resource
        if resource is None:
            return self._without_group(name, logging, group, creates=creates)
        region, own = logging.option("awslogs-region"), resource.value("region")
        path = (Step(self.address, AT, f"{name} logs to it"), Step(resource.address, "name"))
        if resource.is_deleted:
            return self._fail(
                f"{name} logs to {resource.address}, which this plan deletes",
                path=path,
                symptom=MISSING,
                strikes=Phase.TASK_START,
                cause=resource.address,
                fix=f"keep {resource.address}, or let {name} log to another log group",
                snippet=self._snippet(logging, None),
            )
        if isinstance(own, Known) and region and "$" not in region and region != str(own):
            shown = logging.shown(region)
            return self._fail(
                f"{name} looks for {resource.address} in {shown}, and it is in {own}",
                path=(*path, Step(resource.address, "region", str(own))),
                symptom=MISSING,
                strikes=Phase.TASK_START,
                cause=resource.address,
                fix=f"let {name} look for its log group in {own}",
                snippet=self._snippet(logging, resource),
            )
        if resource.is_created and not self._waits(resource):
            return self._fail(
                f"{name} names the log group of {resource.address} as text, and neither "
                f"{self.address} nor all of its services wait for it",
                severity=Severity.MEDIUM,
                path=path,
                symptom=MISSING,
                strikes=Phase.TASK_START,
                cause=resource.address,
                fix=f"name {resource.address} by reference: {self.address} then waits for it",
                snippet=self._snippet(logging, resource),
            )
        return passed(
            self.address,
            f"{name} logs to {resource.address}",
            path=path,
            certainty=group.certainty,
        )

    def _without_group(
        self, name: str, logging: Logging, group: Group, *, creates: bool
    ) -> Finding:
        shown = logging.shown(group.name)
        if creates:
            if self.parameters["unlogged"] == "pass":
                return passed(self.address, f"{name} makes its log group", at=AT)
            return self._fail(
                f"{name} has {shown or 'its log group'} made by awslogs-create-group, to "
                "keep its events for ever",
                severity=Severity.MEDIUM,
                strikes=Phase.RUNTIME,
                symptom="the group keeps its events for ever, and outlives a destroy",
                fix=f"make the log group here, with a retention, and let {name} name it",
                snippet=self._snippet(logging, None, shown),
            )
        if group.why or group.name.startswith(self.parameters["elsewhere"]):
            why = group.why or f"{shown} is kept elsewhere: make sure that it exists"
            hint = "name the group by reference" if group.why else "look it up with a data source"
            return undetermined(self.address, f"{name}: {why}; {hint}", at=AT)
        return self._fail(
            f"{name} logs to {shown}, and no resource of this plan is that log group",
            severity=Severity.HIGH,
            certainty=Certainty.INFERRED,
            symptom=MISSING,
            strikes=Phase.TASK_START,
            cause=shown,
            fix=f"make the log group here and let {name} name it by reference; where another "
            "configuration keeps it, name it in PS109.elsewhere",
            snippet=self._snippet(logging, None, shown),
        )

    def _waits(self, group: Resource) -> bool:
        """Whether the task definition, or else each of its services, waits for a log group."""
        depends_on = self.platform.graph.depends_on
        services = self.platform.services_of(self.definition)
        return depends_on(self.address, group.address) or (
            bool(services) and all(depends_on(one.address, group.address) for one in services)
        )

    def _snippet(self, logging: Logging, group: Resource | None, name: str = "") -> str:
        """The log configuration of this container, with a new log group where there is none."""
        own = self.definition.name
        named = arguments(name=quoted(name or f"/ecs/{own}"), retention_in_days="7")
        region = (group or self.definition).value("region")
        options = {
            "awslogs-group": reference(group, "name", self.definition)
            if group
            else f"{GROUP}.{own}.name",
            "awslogs-region": hcl(region),
            "awslogs-stream-prefix": quoted(logging.container or own),
        }
        logs = block(
            "logConfiguration =", 'logDriver = "awslogs"', block("options =", arguments(**options))
        )
        return together(
            "" if group else new(GROUP, own, named),
            in_container(self.definition, logging.container, logs),
        )

    def _fail(self, message: str, **details: Any) -> Finding:
        path = details.pop("path", (Step(self.address, AT),))
        return fail(self.address, message, path=path, **details)
