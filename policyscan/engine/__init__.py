"""Stage 4: a `ResourceGraph` and a pack of rules -> an `Outcome` with every verdict."""

from policyscan.engine.contract import PackRule
from policyscan.engine.gate import GATE, nothing_judged
from policyscan.engine.judge import Judgement, Outcome, Replayed, judge
from policyscan.engine.pack import built_in_pack, load_pack
from policyscan.engine.redact import redaction
from policyscan.engine.settings import (
    CONFIG_FILE,
    FAIL_ON,
    Settings,
    parse_assignment,
    read_config,
    read_settings,
)

__all__ = [
    "CONFIG_FILE",
    "FAIL_ON",
    "GATE",
    "Judgement",
    "Outcome",
    "PackRule",
    "Replayed",
    "Settings",
    "built_in_pack",
    "judge",
    "load_pack",
    "nothing_judged",
    "parse_assignment",
    "read_config",
    "read_settings",
    "redaction",
]
