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

from collections.abc import Iterator
from typing import NamedTuple

from policyscan.rule import (
    ABSENT,
    LISTENER_RULES,
    LISTENERS,
    LOAD_BALANCERS,
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
    Unknown,
    certainty_of,
    fail,
    passed,
    undetermined,
)

RULE = Rule(
    id="PS119",
    name="listener-invalid",
    group="DEPLOY",
    severity=Severity.HIGH,
    title="Listeners and their rules are acceptable to AWS",
    types=(*LISTENERS, *LISTENER_RULES),
)

WEB = frozenset({"HTTP", "HTTPS"})
CERTIFICATES = ("aws_acm_certificate",)
SECURE = frozenset({"HTTPS", "TLS"})


class _Problem(NamedTuple):
    """What is wrong, or with `fix` "" what keeps it from being judged."""

    at: str
    message: str
    fix: str = ""
    symptom: str = ""
    path: tuple[Step, ...] = ()
    certainty: Certainty = Certainty.PROVEN


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per listener and per rule."""
    for listener in platform.graph.of_type(*LISTENERS):
        if not listener.is_deleted:
            yield _judge(listener, _listener_problems(listener, platform), "listener")
    for rule in platform.graph.of_type(*LISTENER_RULES):
        if not rule.is_deleted:
            yield _judge(rule, _rule_problems(rule, platform), "rule")


def _judge(resource: Resource, problems: Iterator[_Problem], kind: str) -> Finding:
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
        fix=f"in {resource.address}:\n{first.fix}",
    )


def _listener_problems(listener: Resource, platform: Platform) -> Iterator[_Problem]:
    protocol = listener.value("protocol")
    if isinstance(protocol, Unknown):
        yield _Problem("protocol", "protocol is known only after apply")
    if isinstance(protocol, Known):
        yield from _certificate(listener, str(protocol), platform)
        yield from _kind(listener, str(protocol), platform)
    yield from _same_port(listener, platform)
    yield from _loop(listener, "default_action")
    yield from _nowhere(listener, "default_action")


def _certificate(listener: Resource, protocol: str, platform: Platform) -> Iterator[_Problem]:
    given = listener.value("certificate_arn")
    if isinstance(given, Absent):
        if protocol in SECURE:
            fix = "certificate_arn = aws_acm_certificate_validation.<name>.certificate_arn"
            symptom = "ValidationError: A certificate must be specified for HTTPS listeners"
            text = f"it speaks {protocol} and names no certificate"
            yield _Problem("certificate_arn", text, fix, symptom)
        return
    if protocol not in SECURE:
        text = f"it speaks {protocol} and names a certificate"
        symptom = f"ValidationError: Certificates cannot be specified for {protocol} listeners"
        yield _Problem("certificate_arn", text, 'protocol = "HTTPS"', symptom)
        return
    for target in platform.graph.resolve(listener, "certificate_arn", CERTIFICATES).targets:
        end = platform.graph.resource(target.address)
        is_requested = end is not None and end.is_created and not _is_imported(end)
        if (
            not is_requested
            or not target.is_sure
            or _awaits_issue(listener, target.address, platform)
        ):
            continue
        yield _Problem(
            "certificate_arn",
            f"it takes {target.address}, which this plan requests, before it is issued",
            "certificate_arn = aws_acm_certificate_validation.<name>.certificate_arn",
            "UnsupportedCertificate: The certificate ... must have a fully-qualified domain name, "
            "a supported signature, and a supported key size",
            (Step(target.address, "arn", "requested by this plan, not yet issued"),),
            certainty_of(target),
        )


def _is_imported(certificate: Resource) -> bool:
    """Whether it comes ready made: imported, or of a private authority."""
    names = ("private_key", "certificate_authority_arn")
    return any(not isinstance(certificate.value(name), Absent) for name in names)


def _awaits_issue(listener: Resource, certificate: str, platform: Platform) -> bool:
    graph = platform.graph
    return any(
        graph.depends_on(validation.address, certificate)
        and graph.depends_on(listener.address, validation.address)
        for validation in graph.of_type("aws_acm_certificate_validation")
    )


def _kind(listener: Resource, protocol: str, platform: Platform) -> Iterator[_Problem]:
    """Application load balancers speak HTTP, network ones do not."""
    for target in platform.graph.resolve(listener, "load_balancer_arn", LOAD_BALANCERS).targets:
        balancer = platform.graph.resource(target.address)
        kind = balancer.value("load_balancer_type") if balancer else None
        if not isinstance(kind, Known) or not target.is_sure or str(kind) == "gateway":
            continue
        if (str(kind) == "application") != (protocol in WEB):
            wanted = "HTTP" if str(kind) == "application" else "TCP"
            yield _Problem(
                "protocol",
                f"it speaks {protocol}, and {target.address} is a load balancer of type {kind}",
                f'protocol = "{wanted}"',
                f"ValidationError: Protocol '{protocol}' is not supported on load balancers of "
                f"type '{kind}'",
                (Step(target.address, "load_balancer_type", str(kind)),),
                certainty_of(target),
            )


def _same_port(listener: Resource, platform: Platform) -> Iterator[_Problem]:
    port = listener.value("port")
    if isinstance(port, Unknown):
        yield _Problem("port", "port is known only after apply")
    for target in platform.graph.resolve(listener, "load_balancer_arn", LOAD_BALANCERS).targets:
        balancer = platform.graph.resource(target.address)
        others = platform.balancing.listeners_of(balancer) if balancer and target.is_sure else ()
        for other in others:
            if other.address != listener.address and isinstance(port, Known):
                if other.value("port") != port or not _is_sure(
                    other, "load_balancer_arn", platform
                ):
                    continue
                yield _Problem(
                    "port",
                    f"{other.address} listens on port {port} of {target.address} too",
                    "port = <one that no other listener has>",
                    "DuplicateListener: A listener already exists on this port for this load "
                    "balancer",
                    (Step(other.address, "port", str(port)), Step(target.address)),
                    certainty_of(target),
                )


def _is_sure(resource: Resource, attribute: str, platform: Platform) -> bool:
    return all(target.is_sure for target in platform.graph.resolve(resource, attribute).targets)


def _loop(resource: Resource, block: str) -> Iterator[_Problem]:
    """A redirect that leads to itself."""
    for index in range(len(resource.elements(block))):
        path = f"{block}[{index}].redirect[0]"
        if not resource.count_of(f"{block}[{index}].redirect"):
            continue
        parts = {
            "host": "#{host}",
            "path": "/#{path}",
            "query": "#{query}",
            "port": "#{port}",
            "protocol": "#{protocol}",
        }
        own = {"port": str(resource.value("port")), "protocol": str(resource.value("protocol"))}
        values = {name: resource.value(f"{path}.{name}") for name in parts}
        if all(
            isinstance(value, Absent) or str(value) in {parts[name], own.get(name, parts[name])}
            for name, value in values.items()
            if not isinstance(value, Unknown)
        ) and not any(isinstance(value, Unknown) for value in values.values()):
            yield _Problem(
                path,
                "its redirect leads to itself",
                'redirect {\n  protocol    = "HTTPS"\n  port        = "443"\n'
                '  status_code = "HTTP_301"\n}',
                "InvalidLoadBalancerAction: The redirect configuration is not valid because it "
                "creates a loop",
            )


def _nowhere(resource: Resource, block: str) -> Iterator[_Problem]:
    """A forward action needs a target group."""
    for index in range(len(resource.elements(block))):
        path = f"{block}[{index}]"
        is_forward = resource.value(f"{path}.type") == Known("forward")
        given = resource.value(f"{path}.target_group_arn")
        if is_forward and given in (ABSENT, Known("")) and not resource.count_of(f"{path}.forward"):
            yield _Problem(
                f"{path}.type",
                "it forwards, and names no target group",
                "target_group_arn = <target group>.arn",
                "ValidationError: A target group ARN must be specified",
            )


def _rule_problems(rule: Resource, platform: Platform) -> Iterator[_Problem]:
    priority = rule.value("priority")
    if isinstance(priority, Unknown):
        yield _Problem("priority", "priority is known only after apply")
    yield from _nowhere(rule, "action")
    listeners = platform.graph.resolve(rule, "listener_arn", LISTENERS)
    if not isinstance(priority, Known):
        return
    here = {target.address for target in listeners.targets if target.is_sure}
    here |= {str(each.value) for each in listeners.external}
    for other in platform.graph.of_type(*LISTENER_RULES):
        if other.address == rule.address or other.is_deleted or other.value("priority") != priority:
            continue
        theirs = platform.graph.resolve(other, "listener_arn", LISTENERS)
        there = {target.address for target in theirs.targets if target.is_sure}
        there |= {str(each.value) for each in theirs.external}
        if here & there:
            yield _Problem(
                "priority",
                f"{other.address} has priority {priority} on the same listener",
                "priority = <one that no other rule has>",
                f"PriorityInUse: Priority '{priority}' is currently in use",
                (Step(other.address, "priority", str(priority)),),
                certainty_of(*listeners.targets, *theirs.targets),
            )
