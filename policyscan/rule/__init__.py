"""Stage 3: the vocabulary of a rule author, and models of the planned platform.

A rule file imports this package and the standard library, nothing else.
"""

from policyscan.graph import (
    Confidence,
    Resolution,
    Target,
)
from policyscan.plan import (
    ABSENT,
    Absent,
    Known,
    Resource,
    Template,
    Unknown,
    Value,
    number_of,
    text_of,
)
from policyscan.rule.balancing import (
    LISTENER_RULES,
    LISTENERS,
    LOAD_BALANCERS,
    TARGET_GROUPS,
    Attachment,
    Sender,
    Subnets,
    Way,
    keeps_clients,
    subnet_paths,
)
from policyscan.rule.containers import (
    Container,
    ImageOrigin,
    TaskImages,
)
from policyscan.rule.credentials import (
    Credential,
    credentials_in,
)
from policyscan.rule.ecs import (
    SUBNETS,
    Service,
    certainty_of,
    is_fargate,
    network_mode,
    steps_to,
)
from policyscan.rule.iam import (
    Answer,
    Attached,
    Permission,
    Role,
)
from policyscan.rule.image import (
    Image,
    ImageError,
    parse_image,
)
from policyscan.rule.listeners import (
    empty_forwards,
    redirect_loops,
    rivals,
    unissued,
    wrong_kinds,
)
from policyscan.rule.logs import (
    Group,
    Logging,
)
from policyscan.rule.model import (
    Certainty,
    Check,
    Finding,
    Level,
    Note,
    Parameter,
    Parameters,
    Phase,
    Rule,
    Severity,
    Step,
    Verdict,
    fail,
    not_applicable,
    passed,
    settle,
    undetermined,
    weakest,
    worst,
)
from policyscan.rule.needs import (
    Need,
    TaskNeeds,
)
from policyscan.rule.network import (
    is_zone_id,
)
from policyscan.rule.placement import (
    Opinion,
    PlacedSubnet,
    Placement,
)
from policyscan.rule.platform import (
    Platform,
)
from policyscan.rule.policy import (
    Document,
    Statement,
    Wanted,
)
from policyscan.rule.ports import (
    Clash,
    NamedPort,
    PortMapping,
    clashes,
    mappings_of,
    named_ports,
)
from policyscan.rule.reachability import (
    End,
    Passage,
    Port,
    Reach,
    is_open,
)
from policyscan.rule.routes import (
    Exit,
)
from policyscan.rule.scaling import (
    ScalableTarget,
)
from policyscan.rule.secrets import (
    SecretSource,
    keys_of,
)
from policyscan.rule.security_groups import (
    GROUPS as SECURITY_GROUPS,
)
from policyscan.rule.security_groups import (
    Direction,
    Entry,
)
from policyscan.rule.settings import (
    SENSITIVE,
    in_module,
)
from policyscan.rule.tables import (
    load_table,
)
from policyscan.rule.vpcs import (
    Home,
    home_of,
)
from policyscan.rule.wildcards import (
    excess,
    is_broad,
    is_public,
)

__all__ = [
    "ABSENT",
    "LISTENERS",
    "LISTENER_RULES",
    "LOAD_BALANCERS",
    "SECURITY_GROUPS",
    "SENSITIVE",
    "SUBNETS",
    "TARGET_GROUPS",
    "Absent",
    "Answer",
    "Attached",
    "Attachment",
    "Certainty",
    "Check",
    "Clash",
    "Confidence",
    "Container",
    "Credential",
    "Direction",
    "Document",
    "End",
    "Entry",
    "Exit",
    "Finding",
    "Group",
    "Home",
    "Image",
    "ImageError",
    "ImageOrigin",
    "Known",
    "Level",
    "Logging",
    "NamedPort",
    "Need",
    "Note",
    "Opinion",
    "Parameter",
    "Parameters",
    "Passage",
    "Permission",
    "Phase",
    "PlacedSubnet",
    "Placement",
    "Platform",
    "Port",
    "PortMapping",
    "Reach",
    "Resolution",
    "Resource",
    "Role",
    "Rule",
    "ScalableTarget",
    "SecretSource",
    "Sender",
    "Service",
    "Severity",
    "Statement",
    "Step",
    "Subnets",
    "Target",
    "TaskImages",
    "TaskNeeds",
    "Template",
    "Unknown",
    "Value",
    "Verdict",
    "Wanted",
    "Way",
    "certainty_of",
    "clashes",
    "credentials_in",
    "empty_forwards",
    "excess",
    "fail",
    "home_of",
    "in_module",
    "is_broad",
    "is_fargate",
    "is_open",
    "is_public",
    "is_zone_id",
    "keeps_clients",
    "keys_of",
    "load_table",
    "mappings_of",
    "named_ports",
    "network_mode",
    "not_applicable",
    "number_of",
    "parse_image",
    "passed",
    "redirect_loops",
    "rivals",
    "settle",
    "steps_to",
    "subnet_paths",
    "text_of",
    "undetermined",
    "unissued",
    "weakest",
    "worst",
    "wrong_kinds",
]
