"""The constructs of Terraform's language, planned by real core over the offline providers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from policyscan.errors import PlannerError
from policyscan.planner import Inputs, Request, make_plan
from tests.planner.conftest import Planned

if TYPE_CHECKING:
    from tests.planner.conftest import Configuration

QUEUES = (
    'resource "aws_sqs_queue" "a" { name = "a" }\nresource "aws_sqs_queue" "b" { name = "b" }\n'
)


def planned(configuration: Configuration, **asked: Any) -> Planned:
    outcome = make_plan(configuration.folder, Request(**asked))
    return Planned(outcome, json.loads(outcome.plan_json))


def planned_after(configuration: Configuration, before: str, now: str) -> Planned:
    """The plan of one text of `main.tf` after a simulated apply of another."""
    configuration.write(before, "before/main.tf")
    configuration.write(now)
    earlier = Inputs(configuration=configuration.folder / "before")
    return planned(configuration, after=(earlier,))


def refused(configuration: Configuration, **asked: Any) -> str:
    with pytest.raises(PlannerError) as caught:
        planned(configuration, **asked)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(configuration.folder), "ROOT")


# Workspaces

WORKSPACE = """
resource "aws_sqs_queue" "a" { name = "queue-${terraform.workspace}" }
output "name" { value = terraform.workspace }
"""
CLOUD = 'terraform {\n  cloud {\n    organization = "x"\n    workspaces { %s }\n  }\n}\n'
REMOTE = 'terraform {\n  backend "remote" {\n    workspaces { %s }\n  }\n}\n'


def test_a_workspace_has_its_name_in_simulated_applies_too(configuration: Configuration) -> None:
    configuration.write(WORKSPACE)
    found = planned(configuration, workspace="blue", after=(Inputs(),))
    assert found.actions() == {"aws_sqs_queue.a": ["no-op"]}
    assert found.change("aws_sqs_queue.a")["after"]["name"] == "queue-blue"


def test_another_configuration_is_applied_in_the_same_workspace(
    configuration: Configuration,
) -> None:
    configuration.write(WORKSPACE, "before/main.tf")
    configuration.write(WORKSPACE)
    configuration.write("green", ".terraform/environment")
    earlier = Inputs(configuration=configuration.folder / "before")
    found = planned(configuration, after=(earlier,))
    assert found.actions() == {"aws_sqs_queue.a": ["no-op"]}
    assert found.output("name") == "green"


@pytest.mark.parametrize("data_folder", [".terraform", "data"])
def test_the_workspace_selected_in_the_folder_is_planned_in(
    data_folder: str, configuration: Configuration
) -> None:
    configuration.write(WORKSPACE)
    configuration.write("green", f"{data_folder}/environment")
    assert planned(configuration, data_folder=data_folder).output("name") == "green"
    chosen = planned(configuration, data_folder=data_folder, workspace="blue")
    assert chosen.output("name") == "blue"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (CLOUD % 'name = "production"', "production"),
        (CLOUD % 'tags = ["app"]', "default"),
        (REMOTE % 'name = "production"', "default"),
        (REMOTE % 'prefix = "app-"', "default"),
        ('terraform {\n  backend "s3" { bucket = var.x }\n}\n', "default"),
        ('locals {\n  cloud = { workspaces = { name = "x" } }\n}\n', "default"),
    ],
)
def test_only_a_cloud_block_names_its_workspace(
    settings: str, name: str, configuration: Configuration
) -> None:
    configuration.write(settings + WORKSPACE)
    assert planned(configuration).output("name") == name


def test_a_cloud_block_in_json_names_its_workspace(configuration: Configuration) -> None:
    cloud = {"organization": "x", "workspaces": {"name": "production"}}
    configuration.write(json.dumps({"terraform": {"cloud": cloud}}), "cloud.tf.json")
    configuration.write(WORKSPACE)
    assert planned(configuration).output("name") == "production"


def test_the_default_workspace_can_be_asked_for_against_a_cloud_block(
    configuration: Configuration,
) -> None:
    configuration.write(CLOUD % 'name = "production"' + WORKSPACE)
    configuration.write('data "aws_sqs_queue" "a" { name = "queue-default" }\n', "data.tf")
    found = planned(configuration, workspace="default", after=(Inputs(),))
    assert found.actions()["aws_sqs_queue.a"] == ["no-op"]
    # It answers from the state of that workspace.
    assert found.outcome.stand_ins == ()


def test_a_name_that_no_workspace_can_have_is_refused(configuration: Configuration) -> None:
    configuration.write(WORKSPACE)
    assert refused(configuration, workspace="a/b") == (
        "workspace 'a/b': no workspace can be called so; give letters, digits, -, _ and ., 90 at "
        "most"
    )


# import, moved, removed

IMPORTS = """
provider "aws" { region = "eu-west-1" }
variable "names" { default = { logs = "acme-logs", data = "acme-data" } }
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet(aws_vpc.main.cidr_block, 8, 1)
}
resource "aws_s3_bucket" "this" {
  for_each = var.names
  bucket   = each.value
}
resource "aws_lb" "main" {
  name    = "main"
  subnets = [aws_subnet.a.id]
}
resource "aws_route53_record" "main" {
  zone_id = "Z1"
  name    = "main.example.com"
  type    = "CNAME"
  ttl     = 60
  records = [aws_lb.main.dns_name]
}
import {
  to = aws_vpc.main
  id = "vpc-0abc"
}
import {
  to = aws_subnet.a
  id = "subnet-1"
}
import {
  for_each = var.names
  to       = aws_s3_bucket.this[each.key]
  id       = each.value
}
import {
  to = aws_lb.main
  id = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/main/abc"
}
"""


def test_what_is_imported_is_taken_to_be_as_configured(configuration: Configuration) -> None:
    configuration.write(IMPORTS)
    found = planned(configuration)
    imported = {
        "aws_vpc.main": "vpc-0abc",
        "aws_subnet.a": "subnet-1",
        'aws_s3_bucket.this["data"]': "acme-data",
        'aws_s3_bucket.this["logs"]': "acme-logs",
        "aws_lb.main": (
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/main/abc"
        ),
    }
    for address, identifier in imported.items():
        change = found.change(address)
        assert change["actions"] == ["no-op"]
        assert change["importing"] == {"id": identifier}
        assert change["after"]["id"] == identifier
    assert found.change("aws_subnet.a")["after"]["vpc_id"] == "vpc-0abc"
    assert found.change("aws_lb.main")["after"]["arn"] == imported["aws_lb.main"]
    # What is created beside them knows what they are.
    assert found.change("aws_route53_record.main")["actions"] == ["create"]
    assert found.change("aws_route53_record.main")["after"]["records"]
    assert found.outcome.imported == tuple(sorted(imported))
    label = json.loads(found.outcome.labelled)["policyscan_offline"]
    assert label == {"imported": sorted(imported)}


def test_an_import_in_json_is_one(configuration: Configuration) -> None:
    block = {"to": "aws_vpc.main", "id": "vpc-1"}
    configuration.write(json.dumps({"import": block}), "import.tf.json")
    configuration.write('resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }')
    assert planned(configuration).change("aws_vpc.main")["importing"] == {"id": "vpc-1"}


def test_what_was_imported_before_is_imported_no_more(configuration: Configuration) -> None:
    configuration.write(IMPORTS)
    found = planned(configuration, after=(Inputs(),))
    assert set(map(tuple, found.actions().values())) == {("no-op",)}
    assert found.outcome.imported == ()


def test_an_import_into_what_is_not_configured_is_terraform_s_to_refuse(
    configuration: Configuration,
) -> None:
    configuration.write('import {\n  to = aws_vpc.main\n  id = "vpc-1"\n}\n')
    assert refused(configuration).startswith(
        "ROOT/main.tf:2: Configuration for import target does not exist: "
    )


def test_moved_resources_and_modules_keep_what_they_are(configuration: Configuration) -> None:
    configuration.write('resource "aws_sqs_queue" "this" { name = "inner" }', "queue/main.tf")
    configuration.write(
        'resource "aws_sqs_queue" "this" { name = "inner" }', "before/queue/main.tf"
    )
    found = planned_after(
        configuration,
        QUEUES + 'module "old" { source = "./queue" }\n',
        'resource "aws_sqs_queue" "new" {\n  for_each = toset(["a"])\n  name = each.key\n}\n'
        'resource "aws_sqs_queue" "b" { name = "b" }\n'
        'module "new" {\n  source = "./queue"\n  count = 1\n}\n'
        'moved {\n  from = aws_sqs_queue.a\n  to = aws_sqs_queue.new["a"]\n}\n'
        "moved {\n  from = module.old\n  to = module.new[0]\n}\n",
    )
    assert set(map(tuple, found.actions().values())) == {("no-op",)}
    moved = {
        each["address"]: each["previous_address"]
        for each in found.document["resource_changes"]
        if "previous_address" in each
    }
    assert moved == {
        'aws_sqs_queue.new["a"]': "aws_sqs_queue.a",
        "module.new[0].aws_sqs_queue.this": "module.old.aws_sqs_queue.this",
    }


@pytest.mark.parametrize(("destroys", "action"), [("true", "delete"), ("false", "forget")])
def test_what_is_removed_is_destroyed_or_forgotten(
    destroys: str, action: str, configuration: Configuration
) -> None:
    found = planned_after(
        configuration,
        QUEUES,
        'resource "aws_sqs_queue" "b" { name = "b" }\n'
        "removed {\n  from = aws_sqs_queue.a\n"
        f"  lifecycle {{\n    destroy = {destroys}\n  }}\n}}\n",
    )
    assert found.actions() == {"aws_sqs_queue.a": [action], "aws_sqs_queue.b": ["no-op"]}


# Conditions

CHECK = """
resource "aws_sqs_queue" "a" { name = "a" }
check "home" {
  data "aws_region" "here" {}
  assert {
    condition     = data.aws_region.here.name == "%s"
    error_message = "elsewhere"
  }
}
"""


@pytest.mark.parametrize(("region", "status"), [("us-east-1", "pass"), ("eu-west-1", "fail")])
def test_a_check_with_a_data_source_of_its_own_is_made(
    region: str, status: str, configuration: Configuration
) -> None:
    configuration.write(CHECK % region)
    found = planned(configuration)
    assert found.actions()["aws_sqs_queue.a"] == ["create"]
    (check,) = found.document["checks"]
    assert check["status"] == status


@pytest.mark.parametrize("name", ["precondition", "postcondition"])
def test_a_condition_that_does_not_hold_is_refused(name: str, configuration: Configuration) -> None:
    configuration.write(
        'variable "size" { default = 1 }\nresource "aws_sqs_queue" "a" {\n'
        f'  name = "a"\n  lifecycle {{\n    {name} {{\n      condition = var.size > 1\n'
        '      error_message = "Give more than one, not ${var.size}."\n    }\n  }\n}\n'
    )
    assert refused(configuration) == (
        f"ROOT/main.tf:6: Resource {name} failed: Give more than one, not 1."
    )
    assert planned(configuration, inputs=Inputs({"size": "2"})).actions()


def test_a_validation_that_does_not_hold_is_refused(configuration: Configuration) -> None:
    configuration.write(
        'variable "size" {\n  type = number\n  validation {\n    condition = var.size > 1\n'
        '    error_message = "Too small."\n  }\n}\n' + QUEUES
    )
    assert refused(configuration, inputs=Inputs({"size": "1"})) == (
        "ROOT/main.tf:1: Invalid value for variable: Too small. This was checked by the validation "
        "rule at main.tf:3,3-13."
    )


# Secrets

HIDDEN = """
variable "secret" {
  type      = string
  %s = true
}
provider "aws" {
  region     = "us-east-1"
  access_key = var.secret
}
resource "aws_sqs_queue" "a" { name = "a" }
"""


def test_an_ephemeral_variable_is_planned_with_and_kept_nowhere(
    configuration: Configuration,
) -> None:
    configuration.write(HIDDEN % "ephemeral")
    configuration.write(
        'output "token" {\n  value = var.token\n  ephemeral = true\n}\n'
        'variable "token" { ephemeral = true }\n',
        "inner/main.tf",
    )
    configuration.write('module "inner" {\n  source = "./inner"\n  token = var.secret\n}\n', "m.tf")
    found = planned(configuration, inputs=Inputs({"secret": "hunter2"}))
    assert found.actions() == {"aws_sqs_queue.a": ["create"]}
    assert b"hunter2" not in found.outcome.plan_json


def test_a_sensitive_value_is_not_told_in_a_refusal(configuration: Configuration) -> None:
    configuration.write(
        'variable "secret" {\n  sensitive = true\n  type = string\n}\n'
        'resource "aws_sqs_queue" "a" { delay_seconds = var.secret }\n'
        'resource "aws_sqs_queue" "b" { for_each = toset([var.secret]) }\n'
    )
    message = refused(configuration, inputs=Inputs({"secret": "hunter2"}))
    assert message.startswith("ROOT/main.tf:")
    assert "hunter2" not in message


# Providers

ALIASES = """
provider "aws" {
  region = "eu-central-1"
  default_tags { tags = { Home = "frankfurt" } }
}
provider "aws" {
  alias  = "edge"
  region = "us-east-1"
  assume_role {
    role_arn = "arn:aws:iam::123456789012:role/deploy"
  }
  default_tags { tags = { Home = "virginia" } }
}
module "pair" {
  source    = "./pair"
  providers = { aws = aws, aws.other = aws.edge }
}
"""
PAIR = """
terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = ">= 5.0"
      configuration_aliases = [aws.other]
    }
  }
}
resource "aws_sqs_queue" "here" { name = "here" }
resource "aws_sqs_queue" "there" {
  provider = aws.other
  name     = "there"
  tags     = { Own = "yes" }
}
data "aws_region" "there" { provider = aws.other }
output "region" { value = data.aws_region.there.name }
"""


def test_aliases_have_their_own_region_and_tags_in_modules_too(
    configuration: Configuration,
) -> None:
    configuration.write(ALIASES)
    configuration.write(PAIR, "pair/main.tf")
    configuration.write('output "region" { value = module.pair.region }', "outputs.tf")
    found = planned(configuration)
    here = found.change("module.pair.aws_sqs_queue.here")["after"]
    there = found.change("module.pair.aws_sqs_queue.there")["after"]
    assert (here["region"], here["tags_all"]) == ("eu-central-1", {"Home": "frankfurt"})
    assert there["region"] == "us-east-1"
    assert there["tags_all"] == {"Home": "virginia", "Own": "yes"}
    assert found.output("region") == "us-east-1"


def test_a_provider_s_function_is_told_to_need_the_real_one(configuration: Configuration) -> None:
    configuration.write(
        'terraform {\n  required_providers { aws = { source = "hashicorp/aws" } }\n}\n'
        'output "a" { value = provider::aws::arn_parse("arn:aws:s3:::x").service }\n'
    )
    message = refused(configuration)
    assert message.startswith("ROOT/main.tf:4: Unknown provider function: ")
    assert message.endswith(
        "Offline no provider has functions; plan with the real provider and hand over its "
        "`terraform show -json`"
    )


# Lifecycle

LIFECYCLE = """
variable "size" { default = 1 }
resource "terraform_data" "size" { input = var.size }
resource "aws_sqs_queue" "ignored" {
  name          = "ignored"
  delay_seconds = var.size
  lifecycle { ignore_changes = [delay_seconds] }
}
resource "aws_sqs_queue" "triggered" {
  name = "triggered"
  lifecycle { replace_triggered_by = [terraform_data.size] }
}
resource "aws_vpc" "first" {
  cidr_block = "10.${var.size}.0.0/16"
  lifecycle { create_before_destroy = true }
}
resource "aws_vpc" "last" { cidr_block = "10.${var.size}.0.0/16" }
"""


def test_lifecycle_arguments_decide_what_becomes_of_a_change(
    configuration: Configuration,
) -> None:
    configuration.write(LIFECYCLE)
    assert configuration.plan({"size": "2"}, after=[{}]).actions() == {
        "aws_sqs_queue.ignored": ["no-op"],
        "aws_sqs_queue.triggered": ["delete", "create"],
        "aws_vpc.first": ["create", "delete"],
        "aws_vpc.last": ["delete", "create"],
        "terraform_data.size": ["update"],
    }


# What a plan is asked for

CHAIN = """
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_sqs_queue" "a" { name = "a" }
"""


def test_a_target_is_planned_with_what_it_needs(configuration: Configuration) -> None:
    configuration.write(CHAIN)
    found = planned(configuration, targets=("aws_subnet.a",))
    assert found.actions() == {"aws_subnet.a": ["create"], "aws_vpc.main": ["create"]}
    assert found.document["complete"] is False


def test_what_is_to_be_replaced_is_replaced(configuration: Configuration) -> None:
    configuration.write(CHAIN)
    found = planned(configuration, replaced=("aws_sqs_queue.a",), after=(Inputs(),))
    assert found.actions() == {
        "aws_subnet.a": ["no-op"],
        "aws_vpc.main": ["no-op"],
        "aws_sqs_queue.a": ["delete", "create"],
    }


def test_a_target_that_is_no_address_is_refused(configuration: Configuration) -> None:
    configuration.write(CHAIN)
    assert refused(configuration, targets=("aws_subnet",)).startswith("ROOT: Invalid target ")
