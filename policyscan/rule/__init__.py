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
    decode_json,
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
from policyscan.rule.capacity import AttachedProviders, Share, attached_to, gives_already, shares_of
from policyscan.rule.claims import Claim
from policyscan.rule.containers import Container, ImageOrigin, TaskImages
from policyscan.rule.credentials import Credential, credentials_in
from policyscan.rule.destroy import Flag, flags_of_kind
from policyscan.rule.ecs import SUBNETS, Service, certainty_of, is_fargate, network_mode, steps_to
from policyscan.rule.fargate import has_windows, is_size, least_platform, nearest_size
from policyscan.rule.iam import Answer, Attached, Permission, Role
from policyscan.rule.image import Image, ImageError, parse_image
from policyscan.rule.listeners import (
    WEB,
    elsewhere,
    empty_forwards,
    misfits,
    redirect_loops,
    rivals,
    unissued,
    wrong_kinds,
)
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
    settle,
    undetermined,
    weakest,
    worst,
)
from policyscan.rule.needs import Need, TaskNeeds
from policyscan.rule.network import ENDPOINT, VPCS, is_zone_id
from policyscan.rule.ordering import Wait, gated, wait_for
from policyscan.rule.placement import Opinion, PlacedSubnet, Placement
from policyscan.rule.platform import Platform
from policyscan.rule.policy import Document, Statement, Wanted
from policyscan.rule.ports import Clash, NamedPort, PortMapping, clashes, mappings_of, named_ports
from policyscan.rule.problems import Problem, Question, concluded, veiled
from policyscan.rule.ranges import SubnetRange
from policyscan.rule.reachability import End, Passage, Port, Reach, is_open
from policyscan.rule.regions import mentions_of
from policyscan.rule.routes import Exit
from policyscan.rule.scaling import ScalableTarget
from policyscan.rule.secrets import SecretSource, keys_of
from policyscan.rule.security_groups import GROUPS as SECURITY_GROUPS
from policyscan.rule.security_groups import Direction, Entry
from policyscan.rule.settings import SENSITIVE, in_module
from policyscan.rule.snippet import (
    arguments,
    block,
    call,
    edit,
    in_container,
    new,
    quoted,
    reference,
    together,
)
from policyscan.rule.tables import load_table
from policyscan.rule.task import Task, cpu_units, listed, mebibytes, number, required_by, setting
from policyscan.rule.vpcs import Home, home_of
from policyscan.rule.wildcards import excess, is_broad, is_public

__all__ = [
    "ABSENT",
    "ENDPOINT",
    "LISTENERS",
    "LISTENER_RULES",
    "LOAD_BALANCERS",
    "SECURITY_GROUPS",
    "SENSITIVE",
    "SUBNETS",
    "TARGET_GROUPS",
    "VPCS",
    "WEB",
    "Absent",
    "Answer",
    "Attached",
    "AttachedProviders",
    "Attachment",
    "Certainty",
    "Check",
    "Claim",
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
    "Flag",
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
    "Problem",
    "Question",
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
    "Share",
    "Statement",
    "Step",
    "SubnetRange",
    "Subnets",
    "Target",
    "Task",
    "TaskImages",
    "TaskNeeds",
    "Template",
    "Unknown",
    "Value",
    "Verdict",
    "Wait",
    "Wanted",
    "Way",
    "arguments",
    "attached_to",
    "block",
    "call",
    "certainty_of",
    "clashes",
    "concluded",
    "cpu_units",
    "credentials_in",
    "decode_json",
    "edit",
    "elsewhere",
    "empty_forwards",
    "excess",
    "fail",
    "flags_of_kind",
    "gated",
    "gives_already",
    "has_windows",
    "home_of",
    "in_container",
    "in_module",
    "is_broad",
    "is_fargate",
    "is_open",
    "is_public",
    "is_size",
    "is_zone_id",
    "keeps_clients",
    "keys_of",
    "least_platform",
    "listed",
    "load_table",
    "mappings_of",
    "mebibytes",
    "mentions_of",
    "misfits",
    "named_ports",
    "nearest_size",
    "network_mode",
    "new",
    "not_applicable",
    "number",
    "number_of",
    "parse_image",
    "passed",
    "quoted",
    "redirect_loops",
    "reference",
    "required_by",
    "rivals",
    "setting",
    "settle",
    "shares_of",
    "steps_to",
    "subnet_paths",
    "text_of",
    "together",
    "undetermined",
    "unissued",
    "veiled",
    "wait_for",
    "weakest",
    "worst",
    "wrong_kinds",
]
