"""Security groups must let clients reach the load balancer, and the load balancer the tasks.

A request passes three gates: into the load balancer on its listener's port, out of it on the
container's port, and into the task on that port. Health checks pass the last two on their own
port. Each gate needs a rule in a security group on that side; nothing is let in by default, and
of a group that Terraform makes nothing is let out either.

## Why
One missing rule and every target stays unhealthy: ECS stops the tasks, starts new ones, and never
has enough of them. Mostly it is the wrong port, 80 for a container that listens on 8080.

## Fix
```hcl
resource "aws_vpc_security_group_ingress_rule" "tasks_from_alb" {
  security_group_id            = aws_security_group.tasks.id
  referenced_security_group_id = aws_security_group.alb.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_vpc_security_group_egress_rule" "alb_to_tasks" {
  security_group_id            = aws_security_group.alb.id
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}
```

## When unknown
A security group is not in this plan, a rule's ports or CIDR block are known only after apply, a
prefix list stands in for addresses, or no load balancer of this plan sends to the target group.

## Source
Elastic Load Balancing User Guide, "Security groups for your Application Load Balancer" and
"Health checks for target groups"; Terraform AWS provider, aws_security_group, note on egress.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Attachment,
    Direction,
    End,
    Entry,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Passage,
    Phase,
    Platform,
    Port,
    Reach,
    Rule,
    Service,
    Severity,
    Step,
    Unknown,
    Way,
    fail,
    is_open,
    keeps_clients,
    not_applicable,
    number_of,
    passed,
    permission,
    settle,
    subnet_paths,
    undetermined,
    weakest,
    worst,
)

RULE = Rule(
    id="PS202",
    name="load-balancer-cannot-reach-task",
    group="NET",
    severity=Severity.CRITICAL,
    title="Security groups let clients reach the load balancer, and it the tasks",
    types=("aws_ecs_service",),
)

GROUPS = "network_configuration[0].security_groups"
SYMPTOM = "Target.Timeout: (service ...) (task ...) is unhealthy in (target-group ...)"
_PROTOCOLS = {"UDP": ("udp",), "TCP_UDP": ("tcp", "udp")}


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform)


def _judge(service: Service, platform: Platform) -> Finding:
    attachments = tuple(platform.balancing.attachments_of(service))
    if not attachments:
        return not_applicable(service.address, "no load balancer sends to it")
    if not service.resource.elements("network_configuration"):
        why = "not in awsvpc mode: its tasks have no security groups of their own"
        return not_applicable(service.address, why)
    return worst(_judge_attachment(each, platform) for each in attachments)


def _judge_attachment(attachment: Attachment, platform: Platform) -> Finding:
    address = attachment.service.address
    ways = platform.balancing.ways_of(attachment)
    names = ", ".join(target.address for target in attachment.groups.targets)
    if platform.balancing.is_detached(attachment):
        why = f"no listener sends to {names}, so that ECS refuses the service: see PS103"
        return not_applicable(address, why)
    if not ways:
        why = f"no load balancer of this plan is known to send to {names or 'its target group'}"
        return undetermined(address, f"{why}: make sure that one does", at=attachment.attribute)
    judged = [(_judge_way(way, platform), way.is_sure) for way in ways]
    return settle(address, judged, "which load balancer sends to it is not in the plan")


def _judge_way(way: Way, platform: Platform) -> Finding:
    service = way.attachment.service
    ports = _ports(way)
    if isinstance(ports, str):
        return undetermined(service.address, ports, at=f"{way.attachment.path}.container_port")
    reach = platform.reachability
    is_network = way.balancer.value("load_balancer_type") == Known("network")
    tasks = reach.tasks(service.resource)
    balancer = reach.end(
        way.balancer, "security_groups", *subnet_paths(way.balancer), has_default=not is_network
    )
    is_filtered = bool(balancer.groups or balancer.ids or balancer.missing)
    is_passed_on = not is_filtered and keeps_clients(way)
    gates: list[tuple[Passage, End, Direction, End | None, Port]] = []
    for port in ports:
        inward, outward = Direction.INGRESS, Direction.EGRESS
        if is_filtered:
            answer = reach.between(balancer, outward, tasks, port)
            gates.append((answer, balancer, outward, tasks, port))
        gates.append((reach.between(tasks, inward, balancer, port), tasks, inward, balancer, port))
        if is_passed_on and reach.from_anywhere(tasks, inward, port).reach is not Reach.YES:
            why = f"{way.group.address} keeps the clients' addresses, and which those are is not "
            return undetermined(
                service.address,
                why + "in the plan: make sure that the tasks let them in",
                path=way.steps,
                at=GROUPS,
            )
    if is_filtered and way.balancer.value("internal") != Known(value=True):
        gates += _front(way, balancer, platform)
    closed = [gate for gate in gates if gate[0].reach is Reach.NO]
    if closed:
        return _failed(way, *closed[0][1:])
    doubts = [gate[0].why for gate in gates if gate[0].reach is Reach.MAYBE]
    if doubts:
        return undetermined(service.address, doubts[0], path=tasks.steps, at=GROUPS)
    entries = [gate[0].entry for gate in gates if gate[0].entry is not None]
    chosen = [gate[0].entry for gate in gates if gate[3] is None and gate[0].entry is not None]
    sure = (tasks.certainty, balancer.certainty, *(entry.certainty for entry in entries))
    return passed(
        service.address,
        f"{way.balancer.address} reaches its tasks on {' and '.join(map(str, ports))}",
        path=(*tasks.steps, *(Step(e.holder.address, e.path.rstrip(".")) for e in entries)),
        certainty=weakest(way.certainty, *sure),
        notes=(*_notes(tasks, balancer), *(_few(entry) for entry in chosen if not is_open(entry))),
        at=GROUPS,
    )


def _ports(way: Way) -> tuple[Port, ...] | str:
    """The ports of requests and of health checks, or why they are not known."""
    port = way.attachment.container_port
    health = way.group.value("health_check[0].port")
    protocol = way.group.value("protocol")
    number = number_of(port)
    if number is None:
        return f"{way.attachment.path}.container_port is known only after apply: write it down"
    if isinstance(health, Unknown) or isinstance(protocol, Unknown):
        shown = way.group.address
        return f"the ports or protocol of {shown} are known only after apply: write them down"
    if way.group.value("ip_address_type") == Known("ipv6"):
        return f"{way.group.address} sends over IPv6, whose rules are not judged: make sure of them"
    kinds = _PROTOCOLS.get(str(protocol), ("tcp",))
    text = str(health.value) if isinstance(health, Known) else ""
    checked = Port(int(text)) if text.isdecimal() else Port(int(number))
    return tuple(dict.fromkeys((*(Port(int(number), kind) for kind in kinds), checked)))


def _front(
    way: Way, balancer: End, platform: Platform
) -> Iterator[tuple[Passage, End, Direction, None, Port]]:
    """The gate for clients: any rule on the listener's port will do, whoever it is for."""
    number = number_of(way.sender.listener.value("port"))
    if number is None:
        why = f"{way.sender.listener.address}.port is known only after apply: write it down"
        yield Passage(Reach.MAYBE, why=why), balancer, Direction.INGRESS, None, Port(0)
        return
    kind = "udp" if way.sender.listener.value("protocol") == Known("UDP") else "tcp"
    port = Port(int(number), kind)
    answer = platform.reachability.from_anywhere(balancer, Direction.INGRESS, port)
    if answer.reach is Reach.NO:
        some = platform.reachability.about(balancer, Direction.INGRESS, port)
        answer = Passage(Reach.YES, some[0]) if some else answer
    yield answer, balancer, Direction.INGRESS, None, port


def _failed(way: Way, near: End, direction: Direction, far: End | None, port: Port) -> Finding:
    verb = "in from" if direction is Direction.INGRESS else "out to"
    whom = far.shown if far else "clients"
    if far and not (far.groups or far.ids):
        whom = f"the subnets of {far.address}"
    service = way.attachment.service.address
    own = (Step(service, GROUPS),)
    return fail(
        service,
        f"no request gets through: no rule of {near.shown} lets {port} {verb} {whom}",
        path=tuple(dict.fromkeys((*own, *near.steps, *(far.steps if far else ()), *way.steps))),
        certainty=weakest(way.certainty, near.certainty, (far or near).certainty),
        symptom=SYMPTOM if far else "clients time out",
        strikes=Phase.RUNTIME,
        cause=next((group.key for group in near.groups), near.address),
        fix=f"Add a rule to {near.shown} that lets {port} {verb} {whom}.",
        snippet=permission(near, direction, port, far),
        notes=_notes(near, far or near),
        at=GROUPS,
    )


def _few(entry: Entry) -> Note:
    """That not everybody may call, which is often meant."""
    whom = ", ".join((*entry.cidrs, *entry.groups, *entry.ids)) or "a prefix list"
    return Note(Level.INFO, f"its clients are limited to {whom}")


def _notes(*ends: End) -> tuple[Note, ...]:
    mixed = {group.key for end in ends for group in end.groups if any(group.is_mixed.values())}
    text = "%s has inline and standalone rules, which overwrite each other at every apply"
    return tuple(Note(Level.WARNING, text % key) for key in sorted(mixed))
