"""The document of a plan that is as Terraform writes it, decoded and checked in C.

Nothing comes out of here that is not right, and no word about what is wrong: whatever is unusual
is left to `decode` and `grammar`, which take several times as long and say where it is.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from policyscan.plan import typed
from policyscan.plan.decode import check_format_version
from policyscan.plan.grammar import CALL, CONFIG_RESOURCE, MODULE, PLAN, TEXTS
from policyscan.plan.parts import NULL, Part, Shared, UnusualError, elements, opened, value
from policyscan.plan.shape import Mismatch, mapping, marks
from policyscan.plan.text import NotAPlanError

_Json = dict[str, Any]

_UNREAD: Final = "planned_values"
_CHANGES: Final = "resource_changes"
_STATE: Final = "prior_state"
_WRITTEN: Final = "configuration"
_MARKS: Final = frozenset({"after_unknown", "before_sensitive", "after_sensitive"})
_MOST_MODULES: Final = 40
"""Levels of modules within each other, three levels of JSON each."""

_MEMBER: Final = re.compile(rb'[ \t\r\n]*[{,][ \t\r\n]*"[^"\\]*"[ \t\r\n]*:[ \t\r\n]*')
_END: Final = re.compile(rb"[ \t\r\n]*\}[ \t\r\n]*")
_decode_document: Final = msgspec.json.Decoder(dict[str, Part]).decode


def sound_document(content: bytes) -> _Json | None:
    """The plan document, all of it of the kind `PLAN`; None where this cannot be told here.

    Left out is `planned_values`, not even looked at, since `resource_changes` says all of it and
    more. What is written alike may be one object.
    """
    try:
        return _document(_parts(content))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    except (UnusualError, Mismatch, NotAPlanError):
        return None


def _parts(content: bytes) -> dict[str, Part]:
    """The members of the document: that they make up all of it shows that none is there twice."""
    parts = _decode_document(content)
    place = 0
    for part in parts.values():
        member = _MEMBER.match(content, place)
        if not member or not content.startswith(part, member.end()):
            raise UnusualError
        place = member.end() + len(memoryview(part))
    if not _END.fullmatch(content, place):
        raise UnusualError
    return parts


def _document(parts: dict[str, Part]) -> _Json:
    reader = _Reader()
    changes = reader.changes(parts.pop(_CHANGES, NULL))
    if not changes:
        raise UnusualError
    state = reader.state(parts.pop(_STATE)) if _STATE in parts else None
    written = _Written().configuration(parts.pop(_WRITTEN)) if _WRITTEN in parts else None
    parts.pop(_UNREAD, None)
    document = {key: value(part) for key, part in parts.items()}
    PLAN(document)
    check_format_version(document.get("format_version"))
    return {**document, _CHANGES: changes, _STATE: state, _WRITTEN: written}


class _Reader:
    """Reads the resources of one document. Each method raises as `parts` does, or Mismatch."""

    def __init__(self) -> None:
        self._marks = Shared(marks)
        self._waits = Shared(TEXTS)
        self._before: dict[str, tuple[Part, _Json | None]] = {}

    def changes(self, part: Part) -> list[_Json]:
        """`resource_changes`; what stays has one object for before and after."""
        return [self._resource_change(each) for each in elements(part)]

    def _resource_change(self, part: Part) -> _Json:
        found = opened(part, typed.decode_change)
        change = found["change"]
        before, after = change.get("before", NULL), change.get("after", NULL)
        change["after"] = _attributes(after)
        change["before"] = change["after"] if before == after else _attributes(before)
        for name in _MARKS & change.keys():
            change[name] = self._marks.value(change[name])
        self._before[found["address"]] = before, change["before"]
        return found

    def state(self, part: Part) -> _Json:
        """`prior_state`; values that are written as before a change are one object with those."""
        return self._values(opened(part, typed.decode_state))

    def _values(self, state: _Json) -> _Json:
        found = _decoded(state, besides={"values", "root_module"})
        if "values" in found:
            found["values"] = self._values(found["values"])
        if "root_module" in found:
            found["root_module"] = self._module(found["root_module"], _MOST_MODULES)
        return found

    def _module(self, module: _Json, levels: int) -> _Json:
        if not levels:
            raise UnusualError
        resources, children = module.get("resources", ()), module.get("child_modules", ())
        return {
            **module,
            "resources": [self._state_resource(each) for each in resources],
            "child_modules": [self._module(each, levels - 1) for each in children],
        }

    def _state_resource(self, found: _Json) -> _Json:
        if "sensitive_values" in found:
            found["sensitive_values"] = self._marks.value(found["sensitive_values"])
        if "depends_on" in found:
            found["depends_on"] = self._waits.value(found["depends_on"])
        values = found.get("values", NULL)
        before, attributes = self._before.get(found["address"], (NULL, None))
        found["values"] = attributes if values == before else _attributes(values)
        return found


class _Written:
    """Reads the configuration of one document: modules called twice are written out twice."""

    def __init__(self) -> None:
        self._members = Shared()
        self._resources = Shared(CONFIG_RESOURCE)

    def configuration(self, part: Part) -> _Json:
        """`configuration`."""
        opening = opened(part, typed.decode_configuration)
        found = _decoded(opening, besides={"root_module"})
        root = found.pop("root_module", None)
        PLAN({_WRITTEN: found})
        return (
            found if root is None else {**found, "root_module": self._module(root, _MOST_MODULES)}
        )

    def _module(self, module: _Json, levels: int) -> _Json:
        if not levels:
            raise UnusualError
        resources, calls = module.pop("resources", ()), module.pop("module_calls", {})
        found = {name: self._members.value(each) for name, each in module.items()}
        MODULE(found)
        found["resources"] = [self._resources.value(each) for each in resources]
        found["module_calls"] = {name: self._call(each, levels) for name, each in calls.items()}
        return found

    def _call(self, call: _Json, levels: int) -> _Json:
        module = call.pop("module", None)
        found = {name: self._members.value(each) for name, each in call.items()}
        CALL(found)
        return found if module is None else {**found, "module": self._module(module, levels - 1)}


def _decoded(opening: _Json, besides: set[str]) -> _Json:
    return {name: each if name in besides else value(each) for name, each in opening.items()}


def _attributes(part: Part) -> _Json | None:
    found: _Json | None = value(part)
    if found is not None:
        mapping(found)
    return found
