"""A listener and its rules are such that AWS takes them.

HTTPS and TLS need a certificate, and one that is issued: a certificate that this plan requests is
not, until its validation is done. Two listeners of a load balancer cannot share a port, nor two
rules of a listener a priority.

## Why
Each of these is refused only when everything else stands.

## Fix
```hcl
resource "aws_lb_listener" "https" {
  port            = 443
  protocol        = "HTTPS"
  certificate_arn = aws_acm_certificate_validation.main.certificate_arn
  # ...
}
```

## When unknown
The protocol, the port or the priority is known only after apply, or the load balancer or listener
it belongs to could not be followed.

## Source
Elastic Load Balancing API Reference, CreateListener and CreateRule; AWS Certificate Manager User
Guide, "DNS validation"; Terraform AWS provider, aws_acm_certificate_validation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyscan.rule import (
    LISTENER_RULES,
    LISTENERS,
    Absent,
    Certainty,
    Finding,
    Known,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Struct,
    Unknown,
    arguments,
    block,
    certainty_of,
    edit,
    elsewhere,
    empty_forwards,
    fail,
    misfits,
    passed,
    redirect_loops,
    rivals,
    undetermined,
    unissued,
    wrong_kinds,
)

RULE = Rule(
    id="PS119",
    name="listener-invalid",
    group="DEPLOY",
    severity=Severity.HIGH,
    title="Listeners and their rules are acceptable to AWS",
    types=(*LISTENERS, *LISTENER_RULES),
)

VALIDATED = "certificate_arn = aws_acm_certificate_validation.ISSUED.certificate_arn"
ISSUED = "take the certificate from its validation, which waits until it is issued"
REDIRECT = block(
    "default_action",
    'type = "redirect"',
    "",
    block("redirect", arguments(protocol='"HTTPS"', port='"443"', status_code='"HTTP_301"')),
)
PUT = "write it as a constant"
ANY_GROUP = "aws_lb_target_group.APP.arn"
SPOKEN = {"application": "HTTPS, HTTP", "network": "TLS, TCP, TCP_UDP, UDP"}
SECURE = frozenset({"HTTPS", "TLS"})


class _Problem(Struct, frozen=True):
    """What is wrong, or with `fix` "" what keeps it from being judged.

    `right` is what should stand in the block of the listener or rule.
    """

    at: str
    message: str
    fix: str = ""
    right: str = ""
    symptom: str = ""
    path: tuple[Step, ...] = ()
    certainty: Certainty = Certainty.PROVEN
    cause: str = ""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per listener and per rule."""
    for listener in platform.graph.of_type(*LISTENERS):
        if not listener.is_deleted:
            yield _judge(listener, _listener_problems(listener, platform), "listener")
    for rule in platform.graph.of_type(*LISTENER_RULES):
        if not rule.is_deleted:
            problems = (
                *_rivals(rule, "priority", platform),
                *_nowhere(rule, "action"),
                *_rule_misfits(rule, platform),
            )
            yield _judge(rule, problems, "listener rule")


def _judge(resource: Resource, problems: Iterable[_Problem], kind: str) -> Finding:
    found = sorted(problems, key=lambda problem: not problem.fix)
    if not found:
        step = Step(resource.address, "port" if kind == "listener" else "priority")
        return passed(resource.address, f"AWS takes this {kind}", path=(step,))
    first = found[0]
    path = (Step(resource.address, first.at), *first.path)
    if not first.fix:
        return undetermined(resource.address, first.message, path=path)
    return fail(
        resource.address,
        first.message,
        path=path,
        certainty=first.certainty,
        symptom=first.symptom,
        strikes=Phase.APPLY,
        cause=first.cause,
        fix=first.fix,
        snippet=edit(resource, first.right),
    )


def _listener_problems(listener: Resource, platform: Platform) -> Iterator[_Problem]:
    protocol = listener.value("protocol")
    if isinstance(protocol, Unknown):
        yield _Problem("protocol", f"{listener.address}.protocol is known only after apply: {PUT}")
    if isinstance(protocol, Known):
        yield from _certificate(listener, str(protocol), platform)
    for target, kind in wrong_kinds(platform.graph, listener):
        spoken = "HTTP" if kind == "application" else "TCP"
        yield _Problem(
            "protocol",
            f"it speaks {protocol}, and {target.address} is a load balancer of type {kind}",
            f"let it speak {spoken}, or take another type of load balancer",
            f'protocol = "{spoken}"',
            f"ValidationError: Listener protocol '{protocol}' must be one of '{SPOKEN[kind]}'",
            (Step(target.address, "load_balancer_type", kind),),
            certainty_of(target),
        )
    yield from _rivals(listener, "port", platform)
    symptom = (
        "InvalidLoadBalancerAction: The redirect configuration is not valid because it creates a "
        "loop"
    )
    for path in redirect_loops(listener):
        fix = "let it lead to the HTTPS listener"
        yield _Problem(path, "its redirect leads to itself", fix, REDIRECT, symptom)
    yield from _nowhere(listener, "default_action")
    yield from _misfits(listener, listener, "default_action", platform)


def _certificate(listener: Resource, protocol: str, platform: Platform) -> Iterator[_Problem]:
    at = "certificate_arn"
    is_given = not isinstance(listener.value(at), Absent)
    if protocol in SECURE and not is_given:
        symptom = f"ValidationError: A certificate must be specified for {protocol} listeners"
        text = f"it speaks {protocol} and names no certificate"
        yield _Problem(at, text, "name a certificate that is issued", VALIDATED, symptom)
    if protocol not in SECURE and is_given:
        symptom = f"ValidationError: Certificates cannot be specified for {protocol} listeners"
        text = f"it speaks {protocol} and names a certificate"
        secure = "TLS" if protocol in {"TCP", "UDP", "TCP_UDP"} else "HTTPS"
        fix = f"let it speak {secure}, or leave the certificate out"
        yield _Problem(at, text, fix, f'protocol = "{secure}"', symptom)
    for name, region, own in elsewhere(platform.graph, listener):
        yield _Problem(
            at,
            f"it takes {name} of {region}, and stands in {own}",
            f"take a certificate of {own}: one of another region is not found there",
            VALIDATED,
            f"CertificateNotFound: Certificate '{name}' not found",
        )
    for target in unissued(platform.graph, listener):
        yield _Problem(
            at,
            f"it takes {target.address}, which this plan requests, before it is issued",
            ISSUED,
            VALIDATED,
            "UnsupportedCertificate: The certificate ... must have a fully-qualified domain name, "
            "a supported signature, and a supported key size",
            (Step(target.address, "arn", "requested by this plan, not yet issued"),),
            certainty_of(target),
            target.address,
        )


def _misfits(
    listener: Resource, holder: Resource, at: str, platform: Platform
) -> Iterator[_Problem]:
    """Target groups of another kind of load balancer."""
    for target, spoken in misfits(platform.graph, listener, holder, at):
        own = listener.value("protocol")
        yield _Problem(
            at,
            f"{listener.address} speaks {own}, and {target.address} {spoken}",
            "send to a target group whose protocol goes with that of the listener",
            block(at, arguments(type='"forward"', target_group_arn=ANY_GROUP)),
            "IncompatibleProtocols: The listener and its associated target group ... have "
            "incompatible protocols",
            (Step(target.address, "protocol", spoken),),
            certainty_of(target),
            target.address,
        )


def _rule_misfits(rule: Resource, platform: Platform) -> Iterator[_Problem]:
    for target in platform.graph.resolve(rule, "listener_arn", LISTENERS).targets:
        listener = platform.graph.resource_of(target)
        if target.is_sure:
            yield from _misfits(listener, rule, "action", platform)


def _rivals(resource: Resource, number: str, platform: Platform) -> Iterator[_Problem]:
    value = resource.value(number)
    if isinstance(value, Unknown):
        yield _Problem(number, f"{resource.address}.{number} is known only after apply: {PUT}")
    where = "load balancer" if number == "port" else "listener"
    symptom = (
        "DuplicateListener: A listener already exists on this port for this load balancer"
        if number == "port"
        else f"PriorityInUse: Priority '{value}' is currently in use"
    )
    for other, shared in rivals(platform.graph, resource):
        yield _Problem(
            number,
            f"{other.address} has {number} {value} on the same {where}",
            f"give it a {number} that no other has",
            f"{number} = A_FREE_ONE",
            symptom,
            (Step(other.address, number, str(value)),),
            certainty_of(*((shared,) if shared else ())),
        )


def _nowhere(resource: Resource, block_name: str) -> Iterator[_Problem]:
    for path in empty_forwards(resource, block_name):
        yield _Problem(
            path,
            "it forwards, and names no target group",
            "name the target group that gets the requests",
            block(block_name, arguments(type='"forward"', target_group_arn=ANY_GROUP)),
            "ValidationError: A target group ARN must be specified",
        )
