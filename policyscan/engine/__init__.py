"""Stage 4: a `ResourceGraph` and a pack of rules -> an `Outcome` with every verdict."""

from policyscan.engine.checkov import CHECKOV, EDGES, CheckovSettings
from policyscan.engine.contract import PackRule
from policyscan.engine.gate import GATE, nothing_judged
from policyscan.engine.judge import judge, judgement
from policyscan.engine.layer import (
    FAIL_ON,
    Layer,
    Level,
    Origin,
    configuration_form,
    flaws_of,
    layer_of,
    profile_form,
)
from policyscan.engine.outcome import (
    CheckovReport,
    CheckovSays,
    CheckovState,
    Conflict,
    Judgement,
    Outcome,
    Replayed,
)
from policyscan.engine.pack import HOSTED, load_pack
from policyscan.engine.profiles import (
    CONFIG_FILE,
    PROJECT_FILE,
    REFERENCE,
    Written,
    packs_of,
    profile_files,
    read_configuration,
    read_profile,
)
from policyscan.engine.redact import redaction
from policyscan.engine.settings import Settings, settled
from policyscan.engine.waiver import Waiver
from policyscan.shipped import built_in_pack

__all__ = [
    "CHECKOV",
    "CONFIG_FILE",
    "EDGES",
    "FAIL_ON",
    "GATE",
    "HOSTED",
    "PROJECT_FILE",
    "REFERENCE",
    "CheckovReport",
    "CheckovSays",
    "CheckovSettings",
    "CheckovState",
    "Conflict",
    "Judgement",
    "Layer",
    "Level",
    "Origin",
    "Outcome",
    "PackRule",
    "Replayed",
    "Settings",
    "Waiver",
    "Written",
    "built_in_pack",
    "configuration_form",
    "flaws_of",
    "judge",
    "judgement",
    "layer_of",
    "load_pack",
    "nothing_judged",
    "packs_of",
    "profile_files",
    "profile_form",
    "read_configuration",
    "read_profile",
    "redaction",
    "settled",
]
