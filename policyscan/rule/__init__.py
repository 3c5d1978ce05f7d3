"""Stage 3: the vocabulary of a rule author, and models of the planned platform.

A rule file imports this package and the standard library, nothing else.
"""

from policyscan.graph import Confidence, Resolution, Target
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
from policyscan.rule.containers import Container, ImageOrigin, TaskImages
from policyscan.rule.credentials import Credential, credentials_in
from policyscan.rule.ecs import SUBNETS, Service, certainty_of, is_fargate, steps_to
from policyscan.rule.iam import Answer, Attached, Permission, Role
from policyscan.rule.image import Image, ImageError, parse_image
from policyscan.rule.logs import Group, Logging
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
    undetermined,
    worst,
)
from policyscan.rule.needs import Need, TaskNeeds
from policyscan.rule.network import is_zone_id
from policyscan.rule.placement import Opinion, PlacedSubnet, Placement
from policyscan.rule.platform import Platform
from policyscan.rule.policy import Document, Statement, Wanted
from policyscan.rule.routes import Exit
from policyscan.rule.scaling import ScalableTarget
from policyscan.rule.secrets import SecretSource, keys_of
from policyscan.rule.settings import SENSITIVE, in_module
from policyscan.rule.tables import load_table
from policyscan.rule.wildcards import excess, is_broad, is_public

__all__ = [
    "ABSENT",
    "SENSITIVE",
    "SUBNETS",
    "Absent",
    "Answer",
    "Attached",
    "Certainty",
    "Check",
    "Confidence",
    "Container",
    "Credential",
    "Document",
    "Exit",
    "Finding",
    "Group",
    "Image",
    "ImageError",
    "ImageOrigin",
    "Known",
    "Level",
    "Logging",
    "Need",
    "Note",
    "Opinion",
    "Parameter",
    "Parameters",
    "Permission",
    "Phase",
    "PlacedSubnet",
    "Placement",
    "Platform",
    "Resolution",
    "Resource",
    "Role",
    "Rule",
    "ScalableTarget",
    "SecretSource",
    "Service",
    "Severity",
    "Statement",
    "Step",
    "Target",
    "TaskImages",
    "TaskNeeds",
    "Template",
    "Unknown",
    "Value",
    "Verdict",
    "Wanted",
    "certainty_of",
    "credentials_in",
    "excess",
    "fail",
    "in_module",
    "is_broad",
    "is_fargate",
    "is_public",
    "is_zone_id",
    "keys_of",
    "load_table",
    "not_applicable",
    "number_of",
    "parse_image",
    "passed",
    "steps_to",
    "text_of",
    "undetermined",
    "worst",
]
