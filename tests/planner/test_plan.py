"""Plans by real Terraform core over the offline provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyscan.planner import Inputs, Request, make_plan

if TYPE_CHECKING:
    from tests.planner.conftest import Configuration

NETWORK = """
terraform {
  backend "s3" {}
}
variable "name" { default = "one" }
variable "cidr" { default = "10.0.0.0/16" }
resource "aws_vpc" "main" {
  cidr_block = var.cidr
  tags       = { Name = var.name }
}
resource "aws_subnet" "inner" {
  count      = 2
  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
}
"""

SERVICE = """
variable "tag" { default = "1" }
resource "aws_ecr_repository" "app" { name = "app" }
resource "aws_security_group" "app" {
  ingress {
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name        = "app"
    image       = "${aws_ecr_repository.app.repository_url}:${var.tag}"
    cpu         = 0
    environment = [{ name = "B", value = "<2>" }, { name = "A", value = "1" }]
  }])
}
resource "aws_ecs_service" "app" {
  name            = "app"
  task_definition = aws_ecs_task_definition.app.arn
  network_configuration {
    subnets         = ["subnet-1"]
    security_groups = [aws_security_group.app.id]
  }
}
"""


def test_a_create_plan_leaves_unknown_what_the_provider_computes(
    configuration: Configuration,
) -> None:
    configuration.write(NETWORK)
    planned = configuration.plan()
    change = planned.change("aws_vpc.main")
    assert change["actions"] == ["create"]
    assert change["after"]["cidr_block"] == "10.0.0.0/16"
    assert change["after"]["enable_dns_support"] is True
    unknown = {name for name, value in change["after_unknown"].items() if value is True}
    assert {"arn", "id", "enable_dns_hostnames", "main_route_table_id"} <= unknown
    assert planned.change("aws_subnet.inner[1]")["after_unknown"]["vpc_id"] is True
    assert planned.change("aws_subnet.inner[1]")["after"]["cidr_block"] == "10.0.1.0/24"


def test_a_resource_without_region_is_planned_in_the_region_of_its_provider(
    configuration: Configuration,
) -> None:
    configuration.write("""
      provider "aws" { region = "eu-central-1" }
      provider "aws" {
        alias  = "west"
        region = "us-west-2"
        default_tags { tags = { Place = "west" } }
      }
      resource "aws_sqs_queue" "here" {}
      resource "aws_sqs_queue" "there" { provider = aws.west }
      resource "aws_sqs_queue" "own" { region = "eu-west-1" }
      data "aws_region" "there" { provider = aws.west }
      output "there" { value = data.aws_region.there.region }
    """)
    planned = configuration.plan()
    regions = {
        name: planned.change(f"aws_sqs_queue.{name}")["after"]["region"]
        for name in ("here", "there", "own")
    }
    assert regions == {"here": "eu-central-1", "there": "us-west-2", "own": "eu-west-1"}
    assert planned.output("there") == "us-west-2"
    assert planned.change("aws_sqs_queue.here")["after_unknown"]["tags_all"] is True
    assert planned.change("aws_sqs_queue.there")["after"]["tags_all"] == {"Place": "west"}


def test_default_tags_are_merged_under_the_resource_s_own(configuration: Configuration) -> None:
    configuration.write("""
      provider "aws" {
        default_tags { tags = { Team = "a", Name = "default" } }
        ignore_tags { keys = ["Ignored"] }
      }
      resource "aws_sqs_queue" "plain" {}
      resource "aws_sqs_queue" "own" { tags = { Name = "own", Ignored = "yes" } }
      resource "aws_sqs_queue" "late" { tags = { Name = aws_sqs_queue.own.arn } }
    """)
    planned = configuration.plan()
    own, late = planned.change("aws_sqs_queue.own"), planned.change("aws_sqs_queue.late")
    assert own["after"]["tags_all"] == {"Team": "a", "Name": "own"}
    assert planned.change("aws_sqs_queue.plain")["after"]["tags_all"] == {
        "Team": "a",
        "Name": "default",
    }
    # The SDK holds a map with one unknown value as wholly unknown.
    assert (late["after_unknown"]["tags"], late["after_unknown"]["tags_all"]) == (True, True)


def test_removing_the_last_tag_leaves_all_tags_to_the_provider(
    configuration: Configuration,
) -> None:
    configuration.write("""
      variable "tags" { type = map(string) }
      resource "aws_sqs_queue" "queue" { tags = var.tags }
    """)
    change = configuration.plan({"tags": "{}"}, after=[{"tags": '{"a":"b"}'}]).change(
        "aws_sqs_queue.queue"
    )
    assert change["actions"] == ["update"]
    assert change["before"]["tags_all"] == {"a": "b"}
    assert change["after_unknown"]["tags_all"] is True


def test_objects_of_an_attribute_that_stands_for_blocks_hold_no_nulls(
    configuration: Configuration,
) -> None:
    configuration.write(SERVICE)
    change = configuration.plan().change("aws_security_group.app")
    assert change["after"]["ingress"] == [
        {
            "cidr_blocks": ["0.0.0.0/0"],
            "description": "",
            "from_port": 80,
            "ipv6_cidr_blocks": [],
            "prefix_list_ids": [],
            "protocol": "tcp",
            "security_groups": [],
            "self": False,
            "to_port": 80,
        }
    ]
    assert change["after_unknown"]["egress"] is True


def test_a_set_of_strings_with_one_unknown_is_wholly_unknown(configuration: Configuration) -> None:
    configuration.write(SERVICE)
    change = configuration.plan().change("aws_ecs_service.app")
    assert change["after_unknown"]["network_configuration"] == [
        {"security_groups": True, "subnets": [False]}
    ]


def test_nothing_changes_when_the_same_is_planned_after_it_was_applied(
    configuration: Configuration,
) -> None:
    configuration.write(NETWORK + SERVICE)
    actions = configuration.plan(after=[{}]).actions()
    assert set(map(tuple, actions.values())) == {("no-op",)}
    assert len(actions) == 7


def test_a_changed_tag_updates_in_place_and_keeps_what_was_computed(
    configuration: Configuration,
) -> None:
    configuration.write(NETWORK)
    planned = configuration.plan({"name": "two"}, after=[{"name": "one"}])
    change = planned.change("aws_vpc.main")
    assert change["actions"] == ["update"]
    assert change["after"]["tags_all"] == {"Name": "two"}
    assert change["after"]["id"] == change["before"]["id"]
    assert change["after_unknown"] == {}
    assert planned.actions()["aws_subnet.inner[0]"] == ["no-op"]


def test_a_changed_force_new_attribute_replaces_and_what_hangs_on_it_too(
    configuration: Configuration,
) -> None:
    configuration.write(NETWORK)
    planned = configuration.plan({"cidr": "10.1.0.0/16"}, after=[{}])
    assert set(map(tuple, planned.actions().values())) == {("delete", "create")}
    change = planned.change("aws_vpc.main")
    assert change["replace_paths"] == [["cidr_block"]]
    assert change["after_unknown"]["id"] is True
    assert planned.change("aws_subnet.inner[0]")["replace_paths"] == [["cidr_block"], ["vpc_id"]]


def test_a_new_image_tag_replaces_the_task_definition_and_updates_its_service(
    configuration: Configuration,
) -> None:
    configuration.write(SERVICE)
    planned = configuration.plan({"tag": "2"}, after=[{"tag": "1"}])
    assert planned.actions()["aws_ecs_task_definition.app"] == ["delete", "create"]
    assert planned.actions()["aws_ecs_service.app"] == ["update"]
    after = planned.change("aws_ecs_task_definition.app")["after"]
    assert after["container_definitions"] == (
        '[{"environment":[{"name":"A","value":"1"},{"name":"B","value":"\\u003c2\\u003e"}],'
        '"image":"123456789012.dkr.ecr.us-east-1.amazonaws.com/app:2","name":"app"}]'
    )


def test_a_destroy_plan_deletes_all_that_was_applied(configuration: Configuration) -> None:
    configuration.write(NETWORK)
    planned = configuration.plan(after=[{}], destroy=True)
    assert planned.actions() == {
        "aws_subnet.inner[0]": ["delete"],
        "aws_subnet.inner[1]": ["delete"],
        "aws_vpc.main": ["delete"],
    }
    assert planned.change("aws_vpc.main")["after"] is None


def test_several_applies_follow_one_another(configuration: Configuration) -> None:
    configuration.write("""
      variable "size" { type = number }
      resource "aws_sqs_queue" "queue" { count = var.size }
    """)
    planned = configuration.plan({"size": "1"}, after=[{"size": "1"}, {"size": "3"}])
    assert planned.actions() == {
        "aws_sqs_queue.queue[0]": ["no-op"],
        "aws_sqs_queue.queue[1]": ["delete"],
        "aws_sqs_queue.queue[2]": ["delete"],
    }


def test_applied_ids_are_well_formed_and_told_apart_by_address(
    configuration: Configuration,
) -> None:
    configuration.write(NETWORK)
    planned = configuration.plan(after=[{}])
    ids = [planned.change(f"aws_subnet.inner[{key}]")["before"]["id"] for key in (0, 1)]
    assert [one.partition("-")[0] for one in ids] == ["subnet", "subnet"]
    assert [len(one) for one in ids] == [24, 24]
    assert ids[0] != ids[1]
    arn = planned.change("aws_vpc.main")["before"]["arn"]
    assert arn == (
        "arn:aws:ec2:us-east-1:123456789012:vpc/" + planned.change("aws_vpc.main")["before"]["id"]
    )


def test_optional_attributes_left_out_are_never_invented_by_an_apply(
    configuration: Configuration,
) -> None:
    configuration.write("""
      resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
      resource "aws_internet_gateway" "main" { vpc_id = aws_vpc.main.id }
      resource "aws_route_table" "main" { vpc_id = aws_vpc.main.id }
      resource "aws_route" "out" {
        route_table_id         = aws_route_table.main.id
        destination_cidr_block = "0.0.0.0/0"
        gateway_id             = aws_internet_gateway.main.id
      }
    """)
    before = configuration.plan(after=[{}]).change("aws_route.out")["before"]
    targets = {name for name, value in before.items() if name.endswith("_id") and value}
    assert targets == {"gateway_id", "route_table_id"}


@pytest.mark.parametrize("after", [(), ({},)], ids=["create", "after an apply"])
def test_two_plans_of_the_same_are_the_same_bytes(
    configuration: Configuration, after: tuple[dict[str, str], ...]
) -> None:
    # Identical instances tell them apart by address alone; terraform_data is applied by core.
    configuration.write(
        SERVICE
        + """
      resource "aws_eip" "same" { count = 6 }
      resource "terraform_data" "one" { input = "same" }
      resource "random_pet" "name" {}
      output "here" { value = abspath(path.module) }
    """
    )
    first, second = (configuration.plan(after=after).outcome.plan_json for _ in range(2))
    assert first == second
    assert b"policyscan-" not in first


def test_a_plan_is_written_sorted_with_a_fixed_time(configuration: Configuration) -> None:
    configuration.write(NETWORK)
    planned = configuration.plan()
    text = planned.outcome.plan_json.decode()
    assert text.startswith('{\n "applyable": true,\n "complete": true,\n "configuration": {\n')
    assert text.endswith("}\n")
    assert planned.document["timestamp"] == "2000-01-01T00:00:00Z"
    assert list(planned.document) == sorted(planned.document)


def test_variables_come_from_files_and_flags(configuration: Configuration) -> None:
    configuration.write("""
      variable "names" { type = list(string) }
      variable "size" { type = number }
      output "all" { value = "${join(",", var.names)} ${var.size}" }
    """)
    file = configuration.write('names = ["file"]\nsize = 7\n', "some.tfvars")
    outcome = make_plan(configuration.folder, Request(Inputs({"names": '["a","b"]'}, (file,))))
    assert b'"value": "a,b 7"' in outcome.plan_json


def test_variables_of_the_environment_stay_outside(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration.write('variable "a" { default = "own" }\noutput "a" { value = var.a }')
    monkeypatch.setenv("TF_VAR_a", "leaked")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert configuration.plan().output("a") == "own"
