"""Small texts that messages are made of, and parts of a container's settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from policyscan.rule.containers import Container

SENSITIVE = "(sensitive)"
"""What stands for a text of container definitions that are marked sensitive."""

_MODULES = re.compile(r"^(?:module\.[^.\[]+(?:\[[^\]]*\])?\.)+")


def shown_name(container: Container) -> str:
    """A container's name as a message may say it."""
    return SENSITIVE if container.is_sensitive else container.name


def advised(why: str, advice: str) -> str:
    """What a plan does not tell, with what may settle it; some reasons end with that already."""
    return why if why.endswith(advice) else f"{why}; {advice}"


def called(name: str) -> str:
    """A container as a message calls it; it may have no name."""
    return f"container {name}" if name else "a container"


def in_module(address: str) -> str:
    """An address as its own module writes it: `aws_x.y["k"]` of `module.a.aws_x.y["k"]`."""
    return _MODULES.sub("", address)


def mapping_in(settings: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under a key, empty where none stands."""
    value = settings.get(key)
    return value if isinstance(value, dict) else {}


def mappings_in(settings: Mapping[str, Any], key: str) -> tuple[Mapping[str, Any], ...]:
    """The objects in a list under a key."""
    value = settings.get(key)
    return (
        tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()
    )
