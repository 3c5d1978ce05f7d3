"""Where containers write their logs, and the log groups that wait for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct, field

from policyscan.graph import WRITTEN, Confidence, Members, ResourceGraph, Target
from policyscan.plan import Known, Resource, Template, Unknown, text_of
from policyscan.rule.containers import DEFINITIONS, Images
from policyscan.rule.ecs import certainty_of
from policyscan.rule.model import Certainty
from policyscan.rule.settings import SENSITIVE, shown_name

GROUP = "aws_cloudwatch_log_group"


class Logging(Struct, frozen=True):
    """How one container logs.

    `driver` is "" where no log configuration is given. `options` are those of the driver, as
    texts or Templates; `is_whole`: they are all there is. `container` may stand in a message.
    """

    container: str
    driver: str
    options: dict[str, Any] = field(default_factory=dict)
    group: Target | None = None
    is_whole: bool = True

    def option(self, name: str) -> str:
        """An option as a text, "" when it is not given; no message may say it."""
        value = self.options.get(name)
        return "" if value is None else str(value)

    def shown(self, text: str) -> str:
        """A text of the log configuration as a message may say it."""
        return SENSITIVE if self.container == SENSITIVE else text


class Group(Struct, frozen=True):
    """The log group a container writes to: `resource` where the plan holds or looks it up.

    `why` says why it cannot be told.
    """

    name: str = ""
    resource: Resource | None = None
    certainty: Certainty = Certainty.PROVEN
    why: str = ""

    @property
    def is_named(self) -> bool:
        """Whether its name is told."""
        return bool(self.name) and not self.why


class Logs:
    """The log configurations of a plan's containers."""

    def __init__(self, graph: ResourceGraph, images: Images) -> None:
        self._graph = graph
        self._images = images

    def of(self, definition: Resource) -> tuple[Logging, ...] | None:
        """How each container logs; None when neither the plan nor the source tells."""
        images = self._images.of(definition)
        if images.is_known:
            return tuple(
                self._logging(shown_name(container), container.settings.get("logConfiguration"))
                for container in images.containers
            )
        groups = self._graph.members(definition, DEFINITIONS, "awslogs-group")
        creates = self._graph.members(definition, DEFINITIONS, "awslogs-create-group")
        more = {"awslogs-create-group": _constant(creates)} if creates else {}
        found = []
        for each in groups.values if groups else ():
            named = [value for name, value in each.literals if name == WRITTEN]
            ends = [target for target in each.targets if self._is_group(target)]
            if len(ends) == 1 and ends[0].is_sure and not each.unresolved:
                options = more | {"awslogs-group": f"${{{ends[0].address}.{ends[0].attribute}}}"}
                found.append(Logging("", "awslogs", options, ends[0], is_whole=False))
            elif named and isinstance(named[0], Known) and not each.targets:
                options = more | {"awslogs-group": str(named[0].value)}
                found.append(Logging("", "awslogs", options, is_whole=False))
            else:
                return None
        return tuple(found) or None

    def routers(self, definition: Resource) -> tuple[str, ...]:
        """The containers that take the logs of the others."""
        containers = self._images.of(definition).containers
        return tuple(
            shown_name(each) for each in containers if each.settings.get("firelensConfiguration")
        )

    def _logging(self, container: str, configuration: Any) -> Logging:
        if not isinstance(configuration, dict):
            return Logging(container, "")
        options = configuration.get("options")
        options = options if isinstance(options, dict) else {}
        name = options.get("awslogs-group")
        parts = name.taken if isinstance(name, Template) else ()
        targets = [Target(part.address, part.attribute, Confidence.EXACT) for part in parts]
        groups = [target for target in targets if self._is_group(target)]
        driver = str(configuration.get("logDriver") or "")
        return Logging(container, driver, options, groups[0] if len(groups) == 1 else None)

    def _is_group(self, target: Target) -> bool:
        resource = self._graph.resource(target.address)
        return resource is not None and resource.type == GROUP

    def group(self, logging: Logging) -> Group:
        """The log group a container writes to."""
        name = logging.options.get("awslogs-group")
        if logging.group is not None:
            resource = self._graph.resource(logging.group.address)
            return Group(str(name), resource, certainty_of(logging.group))
        if not isinstance(name, str):
            return Group(why="the name of its log group is known only after apply")
        if (found := self._by_name.get(name)) is not None:
            return Group(name, found)
        if self._of_open_name:
            why = f"whether {self._of_open_name} will be called {logging.shown(name)} is open"
            return Group(name, why=why)
        return Group(name)

    @cached_property
    def _every(self) -> tuple[Resource, ...]:
        return (*self._graph.of_type(GROUP), *self._graph.data_of_type(GROUP))

    @cached_property
    def _by_name(self) -> Mapping[str, Resource]:
        """The first log group of each name the plan tells."""
        named = ((text_of(each.value("name")), each) for each in reversed(self._every))
        return {name: group for name, group in named if name is not None}

    @cached_property
    def _of_open_name(self) -> str:
        """The first log group that may have any name, "" when there is none."""
        return next(
            (
                each.address
                for each in self._every
                if isinstance(each.value("name"), Unknown) or each.is_written("name_prefix")
            ),
            "",
        )


def _constant(members: Members) -> str:
    """The one constant the source gives to a key, "" when it is not one."""
    texts = {
        str(value.value).lower()
        for each in members.values
        for name, value in each.literals
        if name == WRITTEN and isinstance(value, Known)
    }
    return texts.pop() if len(texts) == 1 else ""
