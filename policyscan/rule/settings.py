"""Parts of a container's settings, whatever somebody wrote there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policyscan.rule.containers import Container

SENSITIVE = "(sensitive)"
"""What stands for a text of container definitions that are marked sensitive."""


def shown_name(container: Container) -> str:
    """A container's name as a message may say it."""
    return SENSITIVE if container.is_sensitive else container.name


def called(name: str) -> str:
    """A container as a message calls it; it may have no name."""
    return f"container {name}" if name else "a container"


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
