"""What data sources answer offline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from policyscan.errors import PlannerError
from policyscan.planner.data_sources import fitted
from policyscan.planner.data_sources.account import ACCOUNT_ANSWERS, zone_id, zone_names
from policyscan.planner.data_sources.policy_document import policy_document
from policyscan.planner.provider import Configuration as Provider

if TYPE_CHECKING:
    from tests.planner.conftest import Configuration


def document(**config: Any) -> str:
    text: str = policy_document({"id": None, "version": None, **config})["json"]
    return text


def statement(**members: Any) -> dict[str, Any]:
    return {"effect": None, "sid": None, **members}


def test_a_policy_document_is_printed_as_the_provider_prints_it() -> None:
    printed = document(
        policy_id="P",
        statement=[
            statement(
                sid="Read",
                actions=["s3:Get*", "s3:List*"],
                resources=["arn:aws:s3:::b/&{aws:username}/*"],
                principals=[
                    {"type": "Service", "identifiers": ["ecs.amazonaws.com"]},
                    {"type": "AWS", "identifiers": ["111", "222"]},
                ],
                condition=[
                    {"test": "StringLike", "variable": "b", "values": ["<1>", "2"]},
                    {"test": "StringLike", "variable": "a", "values": ["3"]},
                ],
            ),
            statement(effect="Deny", not_actions=["iam:*"], not_resources=["*"]),
        ],
    )
    assert printed == (
        """{
  "Version": "2012-10-17",
  "Id": "P",
  "Statement": [
    {
      "Sid": "Read",
      "Effect": "Allow",
      "Action": [
        "s3:List*",
        "s3:Get*"
      ],
      "Resource": "arn:aws:s3:::b/${aws:username}/*",
      "Principal": {
        "AWS": [
          "222",
          "111"
        ],
        "Service": "ecs.amazonaws.com"
      },
      "Condition": {
        "StringLike": {
          "a": "3",
          "b": [
            "\\u003c1\\u003e",
            "2"
          ]
        }
      }
    },
    {
      "Effect": "Deny",
      "NotAction": "iam:*",
      "NotResource": "*"
    }
  ]
}"""
    )


def test_anyone_is_printed_as_a_star_alone_but_any_aws_principal_is_not() -> None:
    def principal(kind: str) -> Any:
        printed = document(statement=[statement(principals=[{"type": kind, "identifiers": ["*"]}])])
        return json.loads(printed)["Statement"][0]["Principal"]

    assert principal("*") == "*"
    assert principal("AWS") == {"AWS": "*"}


def test_documents_merge_by_sid_sources_first_overrides_last() -> None:
    source = document(
        version="2008-10-17",
        policy_id="source",
        statement=[statement(sid="A", actions=["a:1"]), statement(actions=["b:1"])],
    )
    override = document(statement=[statement(sid="A", effect="Deny", actions=["a:2"])])
    merged = json.loads(
        document(
            source_policy_documents=[source],
            statement=[statement(sid="C", actions=["c:1"])],
            override_policy_documents=[override],
        )
    )
    assert merged == {
        "Version": "2012-10-17",
        "Id": "source",
        "Statement": [
            {"Sid": "A", "Effect": "Deny", "Action": "a:2"},
            {"Effect": "Allow", "Action": "b:1"},
            {"Sid": "C", "Effect": "Allow", "Action": "c:1"},
        ],
    }


def test_a_minified_document_is_the_same_on_one_line() -> None:
    answer = policy_document({"statement": [statement(actions=["a:1"])]})
    assert answer["minified_json"] == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:1"}]}'
    )
    assert json.loads(answer["minified_json"]) == json.loads(answer["json"])


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({"statement": [statement(sid="A"), statement(sid="A")]}, "'A' stands twice"),
        ({"source_policy_documents": ["{"]}, "no policy"),
        (
            {"version": "2008-10-17", "statement": [statement(resources=["&{x}"])]},
            "version 2008-10-17 lacks",
        ),
    ],
)
def test_a_wrong_policy_document_is_refused(config: dict[str, Any], complaint: str) -> None:
    with pytest.raises(PlannerError, match=complaint):
        policy_document(config)


def test_zone_ids_follow_the_names_of_zones() -> None:
    assert zone_names("us-east-1")[0] == "us-east-1a"
    assert [zone_id(zone) for zone in ("us-east-1a", "eu-central-1b", "ap-southeast-2c")] == [
        "use1-az1",
        "euc1-az2",
        "apse2-az3",
    ]


def test_the_account_and_its_zones_are_computed_and_are_no_stand_ins(
    configuration: Configuration,
) -> None:
    configuration.write("""
      provider "aws" { region = "eu-west-1" }
      data "aws_caller_identity" "here" {}
      data "aws_partition" "here" {}
      data "aws_region" "here" {}
      data "aws_availability_zones" "open" {
        state         = "available"
        exclude_names = ["eu-west-1b"]
      }
      data "aws_availability_zones" "impaired" { state = "impaired" }
      data "aws_service_principal" "ecs" { service_name = "ecs" }
      data "aws_arn" "one" { arn = "arn:aws:sqs:eu-west-1:123456789012:queue" }
      output "all" {
        value = [
          data.aws_caller_identity.here.account_id,
          data.aws_partition.here.dns_suffix,
          data.aws_region.here.region,
          join(",", data.aws_availability_zones.open.names),
          join(",", data.aws_availability_zones.impaired.names),
          data.aws_service_principal.ecs.name,
          data.aws_arn.one.resource,
        ]
      }
    """)
    planned = configuration.plan()
    assert planned.output("all") == [
        "123456789012",
        "amazonaws.com",
        "eu-west-1",
        "eu-west-1a,eu-west-1c",
        "",
        "ecs.amazonaws.com",
        "queue",
    ]
    assert planned.outcome.stand_ins == ()


@pytest.mark.parametrize(
    ("region", "told"),
    [
        ("eu-west-1", ["aws", "amazonaws.com", "com.amazonaws", "com.amazonaws.eu-west-1.s3"]),
        (
            "cn-north-1",
            ["aws-cn", "amazonaws.com.cn", "cn.com.amazonaws", "cn.com.amazonaws.cn-north-1.s3"],
        ),
        (
            "us-gov-west-1",
            ["aws-us-gov", "amazonaws.com", "com.amazonaws", "com.amazonaws.us-gov-west-1.s3"],
        ),
        ("us-isob-east-1", ["aws-iso-b", "sc2s.sgov.gov", "gov.sgov.sc2s", None]),
    ],
)
def test_a_region_tells_its_partition(region: str, told: list[str | None]) -> None:
    here = Provider(region)
    found = ACCOUNT_ANSWERS["aws_partition"](here, {})
    names = [found[name] for name in ("partition", "dns_suffix", "reverse_dns_prefix")]
    service = ACCOUNT_ANSWERS["aws_service"](here, {"service_id": "s3"})
    assert names == told[:3]
    assert told[3] in {service["reverse_dns_name"], None}
    again = ACCOUNT_ANSWERS["aws_service"](Provider("eu-west-1"), {"dns_name": service["dns_name"]})
    assert again == service
    caller = ACCOUNT_ANSWERS["aws_caller_identity"](here, {})
    assert caller["arn"].startswith(f"arn:{told[0]}:sts::123456789012:")


def test_what_only_the_account_knows_gets_a_stand_in_that_is_told(
    configuration: Configuration,
) -> None:
    configuration.write("""
      data "aws_vpc" "main" { id = "vpc-0123456789abcdef0" }
      data "aws_subnets" "all" {
        filter {
          name   = "vpc-id"
          values = [data.aws_vpc.main.id]
        }
      }
      data "aws_subnet" "each" {
        for_each = toset(data.aws_subnets.all.ids)
        id       = each.key
      }
      data "aws_caller_identity" "here" {}
      output "vpc" { value = [data.aws_vpc.main.id, data.aws_vpc.main.cidr_block] }
      output "ids" { value = data.aws_subnets.all.ids }
      output "subnets" { value = data.aws_subnet.each }
    """)
    planned = configuration.plan()
    assert planned.output("vpc") == ["vpc-0123456789abcdef0", "10.0.0.0/16"]
    ids = planned.output("ids")
    subnets = planned.output("subnets")
    assert {len(one.removeprefix("subnet-")) for one in ids} == {17}
    assert [subnets[one]["id"] for one in ids] == ids
    assert len({subnets[one]["availability_zone"] for one in ids}) == 3
    assert len({subnets[one]["cidr_block"] for one in ids}) == 3
    assert sorted(planned.outcome.stand_ins) == [
        *(f'data.aws_subnet.each["{one}"]' for one in sorted(ids)),
        "data.aws_subnets.all",
        "data.aws_vpc.main",
    ]


def test_no_string_of_a_stand_in_is_null(configuration: Configuration) -> None:
    configuration.write("""
      data "aws_eks_cluster" "main" { name = "main" }
      data "aws_lb" "main" { name = "main" }
      data "aws_ami" "main" { most_recent = true }
      data "aws_secretsmanager_secret_version" "main" { secret_id = "main" }
      output "text" {
        value = join(" ", [
          data.aws_eks_cluster.main.endpoint,
          data.aws_eks_cluster.main.certificate_authority[0].data,
          data.aws_lb.main.dns_name,
          data.aws_lb.main.zone_id,
          data.aws_ami.main.id,
        ])
      }
      output "secret" {
        value     = jsondecode(data.aws_secretsmanager_secret_version.main.secret_string)
        sensitive = true
      }
    """)
    text = configuration.plan().output("text")
    assert " ami-" in text


REPOSITORY = """
variable "lookup" { default = true }
resource "aws_ecr_repository" "app" { name = "app" }
data "aws_ecr_image" "app" {
  count           = var.lookup ? 1 : 0
  repository_name = "app"
  image_tag       = "1"
}
data "aws_ecr_repository" "app" {
  count = var.lookup ? 1 : 0
  name  = "app"
}
output "uri" { value = one(data.aws_ecr_image.app[*].image_uri) }
output "url" { value = one(data.aws_ecr_repository.app[*].repository_url) }
"""


def test_an_image_is_found_once_its_repository_was_applied(configuration: Configuration) -> None:
    configuration.write(REPOSITORY)
    early = configuration.plan()
    late = configuration.plan(after=[{"lookup": "false"}])
    image, repository = "data.aws_ecr_image.app[0]", "data.aws_ecr_repository.app[0]"
    assert set(early.outcome.stand_ins) == {image, repository}
    assert set(late.outcome.stand_ins) == {image}
    host, _, digest = late.output("uri").partition("/app@sha256:")
    assert (host, len(digest)) == ("123456789012.dkr.ecr.us-east-1.amazonaws.com", 64)
    assert late.output("uri") == early.output("uri")
    assert late.output("url") == f"{host}/app"


def test_a_data_source_finds_the_applied_resource_its_arguments_name(
    configuration: Configuration,
) -> None:
    configuration.write("""
      variable "lookup" { default = true }
      resource "aws_sqs_queue" "jobs" {
        name                       = "jobs"
        visibility_timeout_seconds = 77
      }
      data "aws_sqs_queue" "found" {
        count = var.lookup ? 1 : 0
        name  = "jobs"
      }
      data "aws_sqs_queue" "missing" {
        count = var.lookup ? 1 : 0
        name  = "other"
      }
      output "found" { value = one(data.aws_sqs_queue.found[*].arn) }
    """)
    planned = configuration.plan(after=[{"lookup": "false"}])
    assert planned.output("found") == planned.change("aws_sqs_queue.jobs")["after"]["arn"]
    assert list(planned.outcome.stand_ins) == ["data.aws_sqs_queue.missing[0]"]


def test_a_data_source_that_waits_for_a_resource_is_deferred(
    configuration: Configuration,
) -> None:
    configuration.write("""
      resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
      data "aws_subnets" "inner" {
        filter {
          name   = "vpc-id"
          values = [aws_vpc.main.id]
        }
      }
    """)
    planned = configuration.plan()
    assert planned.actions()["data.aws_subnets.inner"] == ["read"]
    assert planned.outcome.stand_ins == ()


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (
            [{"a": 1, "b": 2}],
            ["list", ["object", {"a": "string", "c": "bool"}]],
            [{"a": "1", "c": None}],
        ),
        (True, "string", "true"),
        (True, "number", None),
        ("x", "number", None),
        ({"a": "x"}, ["map", "string"], {"a": "x"}),
        (None, ["list", "string"], None),
    ],
)
def test_an_answer_is_fitted_to_the_data_source_s_type(
    value: Any, kind: Any, expected: Any
) -> None:
    assert fitted(value, kind) == expected


def test_an_error_that_a_stand_in_makes_says_so(configuration: Configuration) -> None:
    """Nobody can make up a text that fits every function."""
    configuration.write(
        """
        data "aws_ssm_parameter" "days" { name = "/days" }
        locals { days = jsondecode(data.aws_ssm_parameter.days.value).days }
        output "days" {
          value     = local.days
          sensitive = true
        }
        """
    )
    with pytest.raises(PlannerError, match="jsondecode") as caught:
        configuration.plan()
    assert str(caught.value).endswith(
        "; data.aws_ssm_parameter.days is made up offline: give it with --data"
    )
