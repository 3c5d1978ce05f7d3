"""Every log group must keep its events for exactly the required number of days.

A log group without a retention never expires: its events are paid for until somebody looks. One
that keeps them longer than the policy says is as much of a finding as one that loses them early.

## Why
`retention_in_days` is optional, and its default is 0, which means for ever.

## Fix
    resource "aws_cloudwatch_log_group" "app" {
      name              = "/ecs/app-${var.environmentSuffix}"
      retention_in_days = 7
    }

CloudWatch Logs takes some numbers only; `PS401.days` has to be one of them, or 0 for ever.
`PS401.keep` says whether a group keeps `exactly` these days, `at-least` them (for ever is longer
than any), or `any`. A group of class DELIVERY always keeps two days, so it is not judged.

A group encrypted with a key whose policy leaves out CloudWatch Logs fails too, because it cannot
even be created. Name the service in the policy: `logs.us-east-1.amazonaws.com`.

## When unknown
`retention_in_days` or `log_group_class` is known only after apply. Give it a constant or a
variable, or apply what it waits for first.

## Source
Amazon CloudWatch Logs API Reference, PutRetentionPolicy; Amazon CloudWatch Logs User Guide,
"Encrypt log data in CloudWatch Logs using AWS Key Management Service".
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Absent,
    Agrees,
    Finding,
    Known,
    Opposes,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Statement,
    Step,
    Target,
    Unknown,
    When,
    arguments,
    certainty_of,
    edit,
    fail,
    not_applicable,
    number_of,
    passed,
    quoted,
    steps_to,
    undetermined,
)

NEVER = 0
DAYS = (
    *(NEVER, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""As the table `retention_days` has it, which is not read before a rule runs."""
YEAR = 365
RETENTION = "retention_in_days"

RULE = Rule(
    id="PS401",
    name="log-retention-off",
    group="OBS",
    severity=Severity.HIGH,
    title="Log groups keep their events for the agreed days",
    types=("aws_cloudwatch_log_group",),
    parameters=(
        Parameter(
            "days",
            7,
            "days every log group keeps its events; 0 is for ever",
            choices=DAYS,
        ),
        Parameter(
            "keep",
            "exactly",
            "whether it keeps them so long, or at least so long, or any time",
            choices=("exactly", "at-least", "any"),
        ),
    ),
    checkov=(
        Opposes(
            "CKV_AWS_338",
            "a log group that keeps its events for less than a year",
            when=(
                When("days", tuple(days for days in DAYS if NEVER < days < YEAR)),
                When("keep", ("exactly",)),
            ),
        ),
        Agrees(
            "CKV_AWS_338",
            "a log group that keeps its events for a year or longer",
            at=RETENTION,
            when=(When("days", (YEAR,)), When("keep", ("at-least",))),
        ),
    ),
)

SYMPTOM = "The specified KMS key does not exist or is not allowed to be used with Arn ..."


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per log group."""
    for group in platform.graph.of_type("aws_cloudwatch_log_group"):
        if not group.is_deleted:
            yield _locked_out(group, platform) or _judge(group, parameters)


def _judge(group: Resource, parameters: Parameters) -> Finding:
    days, keep = parameters["days"], parameters["keep"]
    path = (Step(group.address, RETENTION),)
    group_class = group.value("log_group_class")
    if group_class == Known("DELIVERY"):
        return not_applicable(group.address, "a log group of class DELIVERY always keeps 2 days")
    kept = group.value(RETENTION)
    if keep == "any":
        return passed(group.address, "its key lets CloudWatch Logs in", path=path)
    if isinstance(kept, Unknown):
        return _undetermined(group, RETENTION, f"{RETENTION} = {days}")
    effective = int(number_of(kept) or NEVER)
    shown = str(kept) if isinstance(kept, Known) and kept.is_sensitive else _spelt(effective)
    if _suits(effective, days, keep):
        return passed(group.address, f"it keeps its events {shown}", path=path)
    if isinstance(group_class, Unknown):
        return _undetermined(group, "log_group_class", 'log_group_class = "STANDARD"')
    least = "at least " if keep == "at-least" else ""
    return fail(
        group.address,
        f"{group.address} keeps its events {shown}, and the policy is {least}{_spelt(days)}",
        path=path,
        strikes=Phase.RUNTIME,
        symptom="the apply ends green; events cost longer, or are gone sooner, than agreed",
        fix=f"Keep events {least}{_spelt(days)}.",
        snippet=edit(group, f"{RETENTION} = {days}"),
    )


def _suits(effective: int, days: int, keep: str) -> bool:
    """Whether events are kept as long as the policy wants; for ever is longer than any days."""
    if keep == "at-least" and days != NEVER:
        return effective == NEVER or effective >= days
    return effective == days


def _spelt(days: int) -> str:
    if days == NEVER:
        return "for ever"
    return "1 day" if days == 1 else f"{days} days"


def _undetermined(group: Resource, attribute: str, cure: str) -> Finding:
    return undetermined(
        group.address,
        f"{group.address}.{attribute} is known only after apply: write it down as {cure}, or apply "
        "what it waits for first",
        path=(Step(group.address, attribute),),
    )


def _locked_out(group: Resource, platform: Platform) -> Finding | None:
    """A failure when the key of this group keeps CloudWatch Logs out, by a policy that is known."""
    graph = platform.graph
    policies = graph.joins({"aws_kms_key_policy": "key_id"}, ["aws_kms_key"])
    for target in graph.resolve(group, "kms_key_id", ["aws_kms_key"]).targets:
        key = graph.resource_of(target)
        if isinstance(key.value("policy"), Absent) or policies.to(target.address):
            continue
        document = platform.documents.of(key, "policy")
        if not document.unresolved and not any(_lets_in(s, group) for s in document.statements):
            return _key_failure(group, target, key)
    return None


def _key_failure(group: Resource, target: Target, key: Resource) -> Finding:
    region = group.value("region")
    service = f"logs.{region if isinstance(region, Known) else 'REGION'}.amazonaws.com"
    return fail(
        group.address,
        f"{group.address} is encrypted with {target.address}, whose policy does not let CloudWatch "
        "Logs in: creating the log group fails",
        severity=Severity.CRITICAL,
        path=steps_to(group, "kms_key_id", Target(target.address, "policy", target.confidence)),
        certainty=certainty_of(target),
        symptom=SYMPTOM,
        strikes=Phase.APPLY,
        cause=target.address,
        fix=f"Let the key's policy allow {service} to use it, beside the statements it has.",
        snippet=_letting_in(key, service),
    )


def _letting_in(key: Resource, service: str) -> str:
    """A key policy with one more statement; STATEMENTS are those it has."""
    actions = ("Encrypt*", "Decrypt*", "ReEncrypt*", "GenerateDataKey*", "Describe*")
    statement = arguments(
        Effect=quoted("Allow"),
        Principal=f"{{ Service = {quoted(service)} }}",
        Action=f"[{', '.join(quoted(f'kms:{each}') for each in actions)}]",
        Resource=quoted("*"),
    )
    lines = "\n".join(f"    {line}" for line in statement.splitlines())
    head = f"  Version = {quoted('2012-10-17')}\n  Statement = concat(STATEMENTS, [{{"
    return edit(key, f"policy = jsonencode({{\n{head}\n{lines}\n  }}])\n}})")


def _lets_in(statement: Statement, group: Resource) -> bool:
    """Whether a statement of a key's policy allows CloudWatch Logs something."""
    region = group.value("region")
    own = f"logs.{region}." if isinstance(region, Known) else "logs."
    return statement.allows and any(
        not isinstance(name, str) or name in {"*", "logs.amazonaws.com"} or name.startswith(own)
        for _, name in statement.principals
    )
