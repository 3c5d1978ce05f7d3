"""The providers beside AWS that configurations lean on: archive, local, null, random, time, tls.

What they compute is unknown in a plan. A simulated apply gives values of the right length and
alphabet, the same each time; nothing secret is made, and a made-up key opens nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policyscan.planner.utility.files import archive, file_contents
from policyscan.planner.utility.generate import GENERATORS
from policyscan.planner.utility.keys import certificates, public_key

if TYPE_CHECKING:
    from pathlib import Path

    from policyscan.planner.change import Versions
    from policyscan.planner.provider import Configuration
    from policyscan.planner.schema import Block, TypeHints

__all__ = ["GENERATORS", "UtilityReader", "settle_utility"]


class UtilityReader:
    """Reads the utility providers' data sources; files below `root_module` alone are written."""

    def __init__(self, root_module: Path) -> None:
        self._root_module = root_module

    def read(
        self, _configuration: Configuration, type_name: str, block: Block, config: dict[str, Any]
    ) -> dict[str, Any]:
        """The whole object of a data source. Raises PlannerError: a file it names is missing."""
        match type_name:
            case "archive_file":
                answer = archive(self._root_module, config)
            case "local_file" | "local_sensitive_file":
                answer = file_contents(self._root_module, config["filename"])
            case "null_data_source":
                answer = {"id": "static", "outputs": config.get("inputs") or {}, "random": "0"}
            case "tls_public_key":
                answer = public_key(config)
            case "tls_certificate":
                answer = certificates(config)
            case _:
                answer = {}
        unset = {name for name in block.attributes if config.get(name) is None}
        return config | {name: answer.get(name) for name in sorted(unset)}


def settle_utility(
    _configuration: Configuration,
    _block: Block,
    _hints: TypeHints,
    _versions: Versions,
    planned: dict[str, Any],
) -> dict[str, Any]:
    """Nothing is added to the plan."""
    return planned
