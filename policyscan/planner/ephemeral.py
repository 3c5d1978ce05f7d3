"""What ephemeral resources give while Terraform plans: values in the right shape, all made up.

No plan holds them: they go into write-only arguments and provider blocks alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policyscan.planner.data_sources import complete
from policyscan.planner.data_sources.stand_in import stand_in
from policyscan.planner.utility.generate import GENERATORS

if TYPE_CHECKING:
    from policyscan.planner.schema import Block


def opened(type_name: str, block: Block, config: dict[str, Any], *, region: str) -> dict[str, Any]:
    """The whole object of an ephemeral resource, from the values of its arguments."""
    answer = stand_in(type_name, block, {"region": region, **config}, {})
    if generate := GENERATORS.get(type_name):
        answer |= generate(config, json.dumps([type_name, config], default=repr, sort_keys=True))
    return complete(block, config, answer)
