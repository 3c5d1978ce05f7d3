"""Only the load balancer reaches tasks; the world reaches the load balancer's listeners alone.

A task's security group names who may call it: the load balancer's group, or the tasks' own. A rule
for `0.0.0.0/0` or `::/0` lets everybody in as soon as the task has a public address or somebody
in a connected network looks for it. The load balancer's own group is open to the world on the
ports of its listeners and, for web traffic, on 80 and 443.

## Why
What stands in front of the tasks, the firewall, the certificate, the log, is passed by.

## Fix
```hcl
resource "aws_vpc_security_group_ingress_rule" "tasks_from_alb" {
  security_group_id            = aws_security_group.tasks.id
  referenced_security_group_id = aws_security_group.alb.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}
```

## When unknown
A security group of the task is not in this plan, or the CIDR block of a rule is known only after
apply.

## Source
Amazon ECS Developer Guide, "Fargate security considerations"; Elastic Load Balancing User Guide,
"Security groups for your Application Load Balancer".
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Direction,
    End,
    Entry,
    Finding,
    Known,
    Level,
    Note,
    Parameters,
    Phase,
    Platform,
    Rule,
    Service,
    Severity,
    Step,
    Unknown,
    Way,
    arguments,
    block,
    edit,
    fail,
    hcl,
    is_open,
    keeps_clients,
    not_applicable,
    number_of,
    passed,
    quoted,
    subnet_paths,
    undetermined,
    weakest,
)

RULE = Rule(
    id="PS210",
    name="task-open-to-world",
    group="NET",
    severity=Severity.HIGH,
    title="Security groups let nobody but the load balancer reach tasks",
    types=("aws_ecs_service",),
)

WEB = frozenset({80, 443})
CALLER = {
    "aws_security_group_rule": "source_security_group_id",
    "aws_vpc_security_group_ingress_rule": "referenced_security_group_id",
}
"""How a rule of its own names the group that may call."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict per service."""
    for service in platform.services:
        yield _judge(service, platform)


def _judge(service: Service, platform: Platform) -> Finding:
    if not service.resource.elements("network_configuration"):
        why = "not in awsvpc mode: its tasks have no security groups of their own"
        return not_applicable(service.address, why)
    reach = platform.reachability
    tasks = reach.tasks(service.resource)
    entries = tuple(reach.entries(tasks, Direction.INGRESS))
    wide = [entry for entry in entries if is_open(entry)]
    ways = [
        way
        for attachment in platform.balancing.attachments_of(service)
        for way in platform.balancing.ways_of(attachment)
    ]
    if wide and not any(keeps_clients(way) for way in ways):
        return _failed(service, tasks, wide[0], _callers(ways, wide[0], platform))
    for way in ways:
        if finding := _judge_front(service, way, platform):
            return finding
    doubts = [*tasks.missing]
    doubts += [why for group in tasks.groups for why in group.doubts[Direction.INGRESS]]
    doubts += [why for entry in entries for why in entry.doubts]
    if doubts:
        return undetermined(service.address, doubts[0], path=tasks.steps, at=tasks.attribute)
    notes = [Note(Level.INFO, "its clients' own addresses reach the tasks")] if wide else []
    blocks = sorted({cidr for entry in entries for cidr in entry.cidrs} if not wide else ())
    if blocks:
        notes.append(Note(Level.INFO, f"whole networks reach its tasks: {', '.join(blocks)}"))
    return passed(
        service.address,
        f"its tasks are not open to the world, having {tasks.shown}",
        path=tasks.steps,
        certainty=tasks.certainty,
        notes=tuple(notes),
        at=tasks.attribute,
    )


def _callers(ways: list[Way], entry: Entry, platform: Platform) -> str:
    """The group of the load balancer that ought to call, as HCL beside a rule."""
    fronts = (_front(way, platform) for way in ways)
    found = (group.reference(entry.holder) for front in fronts for group in front.groups)
    return next(found, "aws_security_group.LOAD_BALANCER.id")


def _failed(service: Service, tasks: End, entry: Entry, callers: str) -> Finding:
    attribute = f"{entry.path}{'cidr_blocks' if entry.path else ''}"
    peer = {CALLER.get(entry.holder.type, ""): callers}
    if entry.path:
        peer = {"security_groups": f"[{callers}]"}
    return fail(
        service.address,
        f"its tasks are open to the world on {entry.shown}, by {entry.holder.address}",
        path=(*tasks.steps, Step(entry.holder.address, attribute, ", ".join(entry.cidrs))),
        certainty=weakest(tasks.certainty, entry.certainty),
        symptom="the apply ends green; whoever finds a way to the tasks may call them",
        strikes=Phase.RUNTIME,
        cause=entry.holder.address,
        fix=f"In {entry.holder.address}, name the load balancer's security group instead of "
        f"{' and '.join(entry.cidrs)}.",
        snippet=_written(entry, peer),
        at=tasks.attribute,
    )


def _written(entry: Entry, changes: dict[str, str]) -> str:
    """A rule as it is to be: the whole block of an inline one, of its own resource the change."""
    if not entry.path:
        return edit(entry.holder, arguments(**changes))
    shown = {"protocol": entry.protocol, "from_port": entry.first, "to_port": entry.last}
    now = {name: hcl(value) for name, value in shown.items()}
    return edit(entry.holder, block(Direction.INGRESS, arguments(**now | changes)))


def _front(way: Way, platform: Platform) -> End:
    """The load balancer, by its own security groups."""
    balancer = way.balancer
    paths = subnet_paths(balancer)
    return platform.reachability.end(balancer, "security_groups", *paths, has_default=False)


def _judge_front(service: Service, way: Way, platform: Platform) -> Finding | None:
    """A failure when a load balancer that faces the world is open on ports nobody listens on."""
    if way.balancer.value("internal") == Known(value=True):
        return None
    front = _front(way, platform)
    listeners = platform.balancing.listeners_of(way.balancer)
    ports = {each.address: number_of(each.value("port")) for each in listeners}
    heard = sorted({int(port) for port in ports.values() if port is not None})
    for entry in platform.reachability.entries(front, Direction.INGRESS):
        if not is_open(entry) or _is_narrow(entry, WEB.union(heard)) or not way.is_sure:
            continue
        path = (*way.steps, *front.steps[1:], Step(entry.holder.address, entry.path.rstrip(".")))
        says = f"{way.balancer.address} in front of it is open to the world on {entry.shown}"
        if isinstance(entry.first, Unknown) or isinstance(entry.last, Unknown):
            why = f"{says}, whose ports are known only after apply: write them down"
            return undetermined(service.address, why, path=path)
        if later := [address for address, port in ports.items() if port is None]:
            why = f"{says}, and {later[0]}.port is known only after apply: write it as a number"
            return undetermined(service.address, why, path=path)
        port = str(min(heard))
        return fail(
            service.address,
            f"{says}, and listens on {' and '.join(map(str, heard))}",
            path=path,
            certainty=weakest(way.certainty, front.certainty, entry.certainty),
            symptom="the apply ends green; whatever else hears those ports can be called by all",
            strikes=Phase.RUNTIME,
            cause=entry.holder.address,
            fix=f"In {entry.holder.address}, open the ports of the listeners alone.",
            snippet=_written(entry, _narrowed(entry, port)),
        )
    return None


def _narrowed(entry: Entry, port: str) -> dict[str, str]:
    """What an open rule is to say instead: one port, for everybody as before."""
    changes = {"from_port": port, "to_port": port}
    if entry.path:
        everybody = ", ".join(quoted(cidr) for cidr in entry.cidrs)
        return {"protocol": quoted("tcp"), **changes, "cidr_blocks": f"[{everybody}]"}
    return changes


def _is_narrow(entry: Entry, ports: frozenset[int] | set[int]) -> bool:
    """Whether a rule is about these ports alone; ICMP has no ports, and all protocols have none."""
    if "icmp" in str(entry.protocol):
        return True
    first, last = number_of(entry.first), number_of(entry.last)
    if first is None or last is None:
        return False
    return all(port in ports for port in range(int(first), int(last) + 1))
