"""Makes the tables that follow from the provider's schema.

    python -m policyscan.rule.tables.extract policyscan/planner/schema/aws.zip --date 2026-01-31

The input has the format of `terraform providers schema -json`, or is a zip of such documents that
complete each other. The date is that of the schema, given by hand so that the same input gives the
same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from policyscan.rule.tables import FOLDER

_GENERIC = ("name", "identifier", "name_prefix", "identifier_prefix")
_ENDINGS = ("_name", "_identifier", "_name_prefix", "_identifier_prefix", "_prefix")
_BARE = ("bucket", "domain", "namespace", "repository")
"""Nouns that are a name by themselves: `aws_s3_bucket` has `bucket`."""
_NAMED_BY_ID = ("dms", "elasticache", "media_package", "rekognition", "shield")
"""Services whose API calls the name one chooses an id."""

_OWN: Mapping[str, tuple[str, ...]] = {
    "aws_ecs_daemon_task_definition": ("family",),
    "aws_ecs_task_definition": ("family",),
    "aws_identitystore_group": ("display_name",),
    "aws_key_pair": ("key_name", "key_name_prefix"),
    "aws_lambda_layer_version": ("layer_name",),
    "aws_prometheus_scraper": ("alias",),
    "aws_prometheus_workspace": ("alias",),
    "aws_qbusiness_application": ("display_name",),
    "aws_ssm_association": ("association_name",),
    "aws_ssmcontacts_contact": ("alias",),
}
"""Names that the pattern does not find, or finds in the wrong attribute."""

_NOT_OWN = (
    # The name of something else, or of one of the things AWS offers.
    "aws_account_region",
    "aws_cloudformation_type",
    "aws_cognito_identity_provider",
    "aws_cognito_user_in_group",
    "aws_config_configuration_recorder_status",
    "aws_config_organization_managed_rule",
    "aws_controltower_baseline",
    "aws_controltower_control",
    "aws_directory_service_region",
    "aws_dsql_cluster_peering",
    "aws_dsql_cluster_policy",
    "aws_dynamodb_global_table",
    "aws_ec2_availability_zone_group",
    "aws_ecr_account_setting",
    "aws_ecs_account_setting_default",
    "aws_eks_addon",
    "aws_guardduty_detector_feature",
    "aws_guardduty_member_detector_feature",
    "aws_guardduty_organization_configuration_feature",
    "aws_iam_group_membership",
    "aws_iam_policy_attachment",
    "aws_iam_service_linked_role",
    "aws_lightsail_domain",
    "aws_rds_certificate",
    "aws_rds_instance_state",
    "aws_redshift_partner",
    "aws_route53domains_domain",
    "aws_route53domains_registered_domain",
    "aws_s3control_directory_bucket_access_point_scope",
    "aws_s3control_object_lambda_access_point_policy",
    "aws_s3tables_table_policy",
    "aws_servicecatalog_provisioned_product",
    "aws_ses_active_receipt_rule_set",
    "aws_ses_domain_dkim",
    "aws_ses_domain_identity",
    "aws_ses_domain_identity_verification",
    "aws_ses_domain_mail_from",
    "aws_ssoadmin_region",
    "aws_workmail_default_domain",
    "aws_workmail_domain",
    "aws_xray_indexing_rule",
    # The name of a person.
    "aws_account_alternate_contact",
    "aws_appstream_user",
    "aws_connect_user",
    "aws_identitystore_user",
    "aws_notificationscontacts_email_contact",
    "aws_quicksight_user",
    "aws_workmail_user",
)


def main(arguments: Sequence[str]) -> int:
    """Write `name_attributes.json` and `taggable_types.json` beside this file."""
    parser = argparse.ArgumentParser(prog="policyscan.rule.tables.extract", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("schema", type=Path)
    parser.add_argument("--date", required=True, help="of the schema, such as 2026-01-31")
    parser.add_argument("-o", "--output", type=Path, default=FOLDER, help="default: this folder")
    options = parser.parse_args(arguments)
    for name, text in tables(read_schema(options.schema), options.date).items():
        (options.output / name).write_text(text, encoding="utf-8")
    return 0


def read_schema(path: Path) -> Mapping[str, Any]:
    """A schema document. Raises OSError or ValueError: not there, or not one."""
    if not zipfile.is_zipfile(path):
        return _document(path, path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        documents = [_document(path, archive.read(name)) for name in archive.namelist()]
    whole = documents[0]
    for document in documents[1:]:
        for address, provider in document["provider_schemas"].items():
            for group, schemas in provider.items():
                whole["provider_schemas"][address].setdefault(group, {}).update(schemas)
    return whole


def _document(path: Path, content: bytes) -> dict[str, Any]:
    decoded = json.loads(content)
    if not isinstance(decoded, dict) or "provider_schemas" not in decoded:
        raise ValueError(f"{path}: not the output of `terraform providers schema -json`")
    return decoded


def tables(schema: Mapping[str, Any], date: str) -> dict[str, str]:
    """The text of both tables by file name."""
    version = schema.get("provenance", {}).get("provider_version", "")
    head = {"source": f"schema of hashicorp/aws {version}".strip(), "date": date}
    blocks = {
        kind: resource["block"].get("attributes", {})
        for provider in schema["provider_schemas"].values()
        for kind, resource in sorted(provider.get("resource_schemas", {}).items())
    }
    names = {kind: found for kind in blocks if (found := name_attributes(kind, blocks[kind]))}
    generated = [
        kind for kind, found in names.items() if blocks[kind][found[0]].get("computed", False)
    ]
    tagged = [kind for kind, attributes in blocks.items() if is_taggable(attributes)]
    return {
        "name_attributes.json": _written({**head, "types": names, "generated": generated}),
        "taggable_types.json": _written({**head, "types": tagged}),
    }


def name_attributes(kind: str, attributes: Mapping[str, Any]) -> list[str]:
    """The attributes that hold a type's own name, in the order they count.

    That is `name`, or what the type ends with: `function_name` names an `aws_lambda_function`,
    and in an `aws_lambda_permission` it refers to one.
    Example: `aws_s3_bucket` has `bucket` and `bucket_prefix`, `aws_s3_bucket_policy` nothing.
    """
    if kind in _NOT_OWN:
        return []
    words = kind.removeprefix("aws_").split("_")
    nouns = ["_".join(words[start:]) for start in range(len(words))]
    wanted = list(_OWN.get(kind) or _GENERIC)
    if kind not in _OWN:
        wanted += [noun for noun in nouns if noun in _BARE]
        wanted += [noun + ending for ending in _ENDINGS for noun in nouns]
        if any(f"{service}_" in kind for service in _NAMED_BY_ID):
            wanted += [f"{noun}_id" for noun in nouns]
    return [name for name in wanted if _is_given(attributes.get(name))]


def is_taggable(attributes: Mapping[str, Any]) -> bool:
    """Whether the provider merges its default_tags into this type's tags."""
    return all(
        attributes.get(name, {}).get("type") == ["map", "string"] for name in ("tags", "tags_all")
    )


def _is_given(attribute: Mapping[str, Any] | None) -> bool:
    """Whether a person writes this attribute, as a text."""
    if attribute is None or attribute.get("type") != "string":
        return False
    return bool(attribute.get("required") or attribute.get("optional"))


def _written(table: Mapping[str, Any]) -> str:
    """Compact, with one line to an entry, so that a diff shows what a new schema brought."""
    lines = []
    for member, value in table.items():
        text = json.dumps(value, separators=(",", ":"))
        if isinstance(value, dict):
            rows = (
                f"{json.dumps(key)}:{json.dumps(each, separators=(',', ':'))}"
                for key, each in value.items()
            )
            text = "{\n" + ",\n".join(rows) + "\n}"
        elif isinstance(value, list):
            text = "[\n" + ",\n".join(json.dumps(each) for each in value) + "\n]"
        lines.append(f"{json.dumps(member)}:{text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
