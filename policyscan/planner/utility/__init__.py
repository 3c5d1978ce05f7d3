"""The providers beside AWS: those whose data sources only compute, and those known by schema.

What their resources compute is unknown in a plan. A simulated apply gives the values of some the
right length and alphabet, the same each time; nothing secret is made, and a made-up key opens
nothing. No program is run and nothing is fetched, whatever a data source is for.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from policyscan.planner.data_sources import complete
from policyscan.planner.data_sources.stand_in import stand_in
from policyscan.planner.utility.clock import settle_time
from policyscan.planner.utility.derive import derived
from policyscan.planner.utility.files import archive, file_contents
from policyscan.planner.utility.generate import GENERATORS
from policyscan.planner.utility.keys import certificates, public_key
from policyscan.planner.utility.template_file import rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from policyscan.planner.data_sources import Known
    from policyscan.planner.provider import Configuration
    from policyscan.planner.schema import Block, TypeHints

__all__ = ["GENERATORS", "UtilityReader", "settle_time"]

Attributes = dict[str, Any]


def _program(_config: Attributes) -> Attributes:
    return {"id": "-", "result": {}}


def _command(_config: Attributes) -> Attributes:
    return {"exit_code": 0, "stderr": "", "stdout": ""}


def _response(config: Attributes) -> Attributes:
    body = {"body": "", "response_body": "", "response_body_base64": ""}
    return {**body, "id": config["url"], "response_headers": {}, "status_code": 200}


_MADE_UP: Mapping[str, Callable[[Attributes], Attributes]] = {
    "external": _program,
    "http": _response,
    "local_command": _command,
    "tls_certificate": certificates,
    "tls_public_key": public_key,
}
"""Data source -> stand-in, where one that follows from its schema alone would mislead."""


class UtilityReader:
    """Reads data sources; files below `root_module` alone are written.

    `known` is told of the answers that are made up.
    """

    def __init__(self, root_module: Path, known: Known, hints: Mapping[str, TypeHints]) -> None:
        self._root_module = root_module
        self._known = known
        self._hints = hints

    def read(
        self, _configuration: Configuration, type_name: str, block: Block, config: Attributes
    ) -> Attributes:
        """The whole object of a data source. Raises PlannerError: a file it names is missing."""
        if (answer := self._computed(type_name, config)) is not None:
            return complete(block, config, answer)
        make_up = _MADE_UP.get(type_name)
        answer = make_up(config) if make_up else stand_in(type_name, block, config, self._hints)
        answer = complete(block, config, answer)
        self._known.remember_stand_in(type_name, answer)
        return answer

    def _computed(self, type_name: str, config: Attributes) -> Attributes | None:
        match type_name:
            case "archive_file":
                return archive(self._root_module, config)
            case "local_file" | "local_sensitive_file":
                return file_contents(self._root_module, config["filename"])
            case "null_data_source":
                return {"id": "static", "outputs": config.get("inputs") or {}, "random": "0"}
            case "template_file" if (text := rendered(config)) is not None:
                return {"id": hashlib.sha256(text.encode()).hexdigest(), "rendered": text}
            case "tls_public_key":
                return derived(config)
            case _:
                return None
