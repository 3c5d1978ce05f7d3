"""Stage 4: a `ResourceGraph` and a pack of rules -> an `Outcome` with every verdict."""

from policyscan.engine.assumed import without_guesses
from policyscan.engine.beside import beside
from policyscan.engine.checkov import CHECKOV, EDGES, CheckovSettings
from policyscan.engine.contract import PackRule
from policyscan.engine.difference import Difference, difference
from policyscan.engine.gate import GATE, nothing_judged
from policyscan.engine.judge import judge, without_secrets
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
    threshold,
)
from policyscan.engine.pack import HOSTED, load_pack
from policyscan.engine.places import Places
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
from policyscan.engine.standing import Before, is_changed
from policyscan.engine.waiver import WAIVERS_FILE, Waiver, Waivers, WaiverTerms, today
from policyscan.engine.waiving import apply_waivers
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
    "WAIVERS_FILE",
    "Before",
    "CheckovReport",
    "CheckovSays",
    "CheckovSettings",
    "CheckovState",
    "Conflict",
    "Difference",
    "Judgement",
    "Layer",
    "Level",
    "Origin",
    "Outcome",
    "PackRule",
    "Places",
    "Replayed",
    "Settings",
    "Waiver",
    "WaiverTerms",
    "Waivers",
    "Written",
    "apply_waivers",
    "beside",
    "built_in_pack",
    "configuration_form",
    "difference",
    "flaws_of",
    "is_changed",
    "judge",
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
    "threshold",
    "today",
    "without_guesses",
    "without_secrets",
]
