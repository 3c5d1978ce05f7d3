"""Plans on which the worker has to say what Checkov's own command line says.

Made here and not by Terraform: any size is wanted, and the values of a plan are all Checkov reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

Document = dict[str, Any]

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
OPEN = {
    "cidr_blocks": ["0.0.0.0/0"],
    "description": "",
    "from_port": 22,
    "ipv6_cidr_blocks": [],
    "protocol": "tcp",
    "self": False,
    "to_port": 22,
}

# Type, what is planned, and which argument refers to which of the types before it.
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:*", "iam:PassRole"], "Resource": "*"},
            {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"},
        ],
    }
)
BLOCKS: tuple[tuple[str, Document, dict[str, str]], ...] = (
    ("aws_kms_key", {"description": "k", "enable_key_rotation": True, "is_enabled": True}, {}),
    ("aws_s3_bucket", {"force_destroy": False, "tags": {"team": "shop", "on": "true"}}, {}),
    (
        "aws_s3_bucket_versioning",
        {"versioning_configuration": [{"status": "Enabled", "mfa_delete": None}]},
        {"bucket": "aws_s3_bucket"},
    ),
    (
        "aws_s3_bucket_public_access_block",
        {
            "block_public_acls": True,
            "block_public_policy": True,
            "ignore_public_acls": True,
            "restrict_public_buckets": False,
        },
        {"bucket": "aws_s3_bucket"},
    ),
    ("aws_security_group", {"description": "d", "ingress": [OPEN], "name": "sg"}, {}),
    (
        "aws_instance",
        {
            "ami": "ami-12345678",
            "instance_type": "t3.micro",
            "monitoring": True,
            "ebs_optimized": None,
        },
        {"vpc_security_group_ids": "aws_security_group"},
    ),
    (
        "aws_sqs_queue",
        {"name": "q", "sqs_managed_sse_enabled": None},
        {"kms_master_key_id": "aws_kms_key"},
    ),
    ("aws_cloudwatch_log_group", {"name": "l", "retention_in_days": 30, "kms_key_id": None}, {}),
    ("aws_iam_role", {"assume_role_policy": TRUST, "name": "r", "max_session_duration": 3600}, {}),
    ("aws_iam_policy", {"name": "p", "path": "/", "policy": POLICY}, {}),
    (
        "aws_ecs_task_definition",
        {"container_definitions": "[]", "family": "f"},
        {"execution_role_arn": "aws_iam_role"},
    ),
    (
        "aws_lb",
        {
            "internal": False,
            "load_balancer_type": "application",
            "drop_invalid_header_fields": True,
        },
        {"security_groups": "aws_security_group"},
    ),
)


def golden() -> Document:
    """A small plan with everything: distinct names, a count, a module for each key, one inside."""
    parts = [shape(3 * len(BLOCKS)) for shape in SHAPES]
    whole = parts[0]
    for part in parts[1:]:
        own, root = part["planned_values"]["root_module"], part["configuration"]["root_module"]
        whole["planned_values"]["root_module"]["resources"] += own["resources"]
        whole["planned_values"]["root_module"]["child_modules"] += own["child_modules"]
        whole["resource_changes"] += part["resource_changes"]
        whole["configuration"]["root_module"]["resources"] += root["resources"]
        whole["configuration"]["root_module"].setdefault("module_calls", {}).update(
            root.get("module_calls", {})
        )
    return whole


def flat(size: int) -> Document:
    """Blocks of distinct names."""
    blocks = list(_blocks(size))
    return document([planned(kind, name, values) for kind, name, values, _ in blocks], [], blocks)


def count(size: int) -> Document:
    """Ten blocks with a count."""
    blocks = list(_blocks(len(BLOCKS), "this"))
    resources = [
        planned(kind, name, values, number)
        for kind, name, values, _ in blocks
        for number in range(size // len(BLOCKS))
    ]
    return document(resources, [], blocks, count_expression={"references": ["var.n"]})


def modules(size: int) -> Document:
    """One module of ten blocks, called with for_each; inside it one that is called once."""
    blocks = list(_blocks(len(BLOCKS), "this"))
    half = len(blocks) // 2
    called = []
    for number in range(size // len(BLOCKS)):
        address = f'module.site["s{number}"]'
        called.append(
            {
                "address": address,
                "resources": [
                    planned(kind, name, values, module=address)
                    for kind, name, values, _ in blocks[:half]
                ],
                "child_modules": [
                    {
                        "address": f"{address}.module.inner",
                        "resources": [
                            planned(kind, name, values, module=f"{address}.module.inner")
                            for kind, name, values, _ in blocks[half:]
                        ],
                    }
                ],
            }
        )
    whole = document([], called, [])
    inner = {"resources": [_configured(*each) for each in blocks[half:]]}
    site = {
        "resources": [_configured(*each) for each in blocks[:half]],
        "module_calls": {"inner": {"source": "./inner", "module": inner}},
    }
    whole["configuration"]["root_module"]["module_calls"] = {
        "site": {
            "source": "./site",
            "for_each_expression": {"references": ["var.sites"]},
            "module": site,
        }
    }
    return whole


SHAPES: tuple[Callable[[int], Document], ...] = (flat, count, modules)


def _blocks(size: int, name: str = "") -> Iterator[tuple[str, str, Document, dict[str, Any]]]:
    for number in range(size):
        kind, values, references = BLOCKS[number % len(BLOCKS)]
        own = name or f"r{number // len(BLOCKS)}"
        expressions = {
            argument: {"references": [f"{target}.{own}.id", f"{target}.{own}"]}
            for argument, target in references.items()
        }
        yield kind, own, values, expressions


def planned(
    kind: str, name: str, values: Document, key: int | None = None, module: str = ""
) -> Document:
    """One instance of a resource as a plan's planned values show it."""
    shown = "" if key is None else f"[{key}]"
    resource = {
        "address": f"{module}.{kind}.{name}{shown}".removeprefix("."),
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "schema_version": 0,
        "values": values,
    }
    return resource if key is None else {**resource, "index": key}


def _configured(kind: str, name: str, values: Document, expressions: Document) -> Document:
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_config_key": "aws",
        "expressions": {**{each: {} for each in values}, **expressions},
    }


def _changes(resources: list[Document], called: list[Document]) -> Iterator[Document]:
    for each in resources:
        change = {"actions": ["create"], "before": None, "after": each["values"]}
        kept = {
            name: value for name, value in each.items() if name not in {"values", "schema_version"}
        }
        yield {**kept, "change": {**change, "after_unknown": {"id": True, "arn": True}}}
    for module in called:
        for change in _changes(module["resources"], module.get("child_modules", [])):
            yield {"module_address": module["address"], **change}


def document(
    resources: list[Document],
    called: list[Document],
    blocks: list[tuple[str, str, Document, Document]],
    **more: Any,
) -> Document:
    """A plan that creates these resources, and those of the modules called, from these blocks."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": resources, "child_modules": called}},
        "resource_changes": list(_changes(resources, called)),
        "configuration": {
            "provider_config": {
                "aws": {
                    "name": "aws",
                    "full_name": "registry.terraform.io/hashicorp/aws",
                    "expressions": {"region": {"constant_value": "eu-central-1"}},
                }
            },
            "root_module": {"resources": [{**_configured(*each), **more} for each in blocks]},
        },
    }
