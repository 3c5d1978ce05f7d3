"""Replays by real Terraform: what they prove of a plan, and what they must never claim."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from policyscan.errors import PlannerError
from policyscan.plan import Known, Unknown, read_plan
from policyscan.plan.replay import enriched
from policyscan.planner.replay import replay
from policyscan.planner.request import Inputs, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policyscan.plan import Plan
    from tests.planner.conftest import Configuration

SECONDS = 60.0


def told(
    configuration: Configuration,
    variables: Mapping[str, str] | None = None,
    *,
    after: Sequence[Mapping[str, str]] = (),
) -> Plan:
    """The plan of a configuration with what a replay proves."""
    plan = planned(configuration, variables, after=after)
    return enriched(plan, replay(plan, configuration.folder, seconds=SECONDS))


def planned(
    configuration: Configuration,
    variables: Mapping[str, str] | None = None,
    *,
    after: Sequence[Mapping[str, str]] = (),
) -> Plan:
    return read_plan(configuration.plan(variables, after=after).outcome.plan_json, "plan.json")


def shown(plan: Plan, address: str, path: str) -> Any:
    """A value; a Template as text; "?" for what is unknown; None for what is not set."""
    (resource,) = (each for each in plan.resources if each.address == address)
    match resource.value(path):
        case Known(value):
            return value
        case Unknown(template=None):
            return "?"
        case Unknown(template=template):
            return str(template)
        case _:
            return None


def inputs(plan: Plan, expected: Mapping[str, Any], address: str = "terraform_data.it") -> Any:
    """What is told of as many members of `input` as are expected."""
    return {name: shown(plan, address, f"input.{name}") for name in expected}


PLATFORM = """
variable "exposed" { default = { a = true, b = false } }
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "public" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_subnet" "private" {
  count      = 2
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.${count.index + 1}.0/24"
}
resource "aws_ecr_repository" "app" {
  for_each = var.exposed
  name     = each.key
}
resource "aws_kms_key" "main" {}
resource "aws_iam_role" "main" { assume_role_policy = "{}" }
"""


def test_each_instance_gets_what_its_own_branch_chose(configuration: Configuration) -> None:
    configuration.write(
        PLATFORM
        + """
resource "aws_instance" "app" {
  for_each  = var.exposed
  ami       = "ami-1"
  subnet_id = each.value ? aws_subnet.public.id : element(aws_subnet.private[*].id, 3)
  tags      = { Name = "${each.key}-${aws_kms_key.main.key_id}" }
}
"""
    )
    plan = told(configuration)
    assert shown(plan, 'aws_instance.app["a"]', "subnet_id") == "${aws_subnet.public.id}"
    assert shown(plan, 'aws_instance.app["b"]', "subnet_id") == "${aws_subnet.private[1].id}"
    assert shown(plan, 'aws_instance.app["b"]', "tags.Name") == "b-${aws_kms_key.main.key_id}"


def test_values_are_followed_through_collections_and_texts(configuration: Configuration) -> None:
    expected = {
        "splat[1]": "${aws_subnet.private[1].id}",
        "loop[0]": 'A=${aws_ecr_repository.app["a"].repository_url}',
        "found": '${aws_ecr_repository.app["a"].repository_url}',
        "missed": "none",
        "merged.y": "${aws_iam_role.main.arn}",
        "zipped.q": "${aws_subnet.private[1].id}",
        "written": '{"a":"${aws_kms_key.main.arn}","l":[true,null,"${aws_iam_role.main.arn}"]}',
        "formatted": "${aws_kms_key.main.key_id}-00007",
        "joined": "${aws_subnet.private[0].id},${aws_subnet.private[1].id}",
        "heredoc": "one ${aws_kms_key.main.arn}\n${aws_subnet.private[0].id};"
        "${aws_subnet.private[1].id};\n",
        "file": "hello ${aws_kms_key.main.arn}!\n",
        "field": "${aws_kms_key.main.arn}",
        "last": "${aws_kms_key.main.arn}",
        "host": '${aws_ecr_repository.app["a"].repository_url}/x',
        "upper": "${aws_kms_key.main.arn}",
        "lower": "${aws_kms_key.main.arn}",
        "coalesced": "${aws_kms_key.main.arn}",
        "tried": "${aws_kms_key.main.arn}",
        "compared": "set",
    }
    configuration.write("hello ${a}!\n", "hello.tpl")
    configuration.write(
        PLATFORM
        + """
locals {
  urls = { for key, each in aws_ecr_repository.app : upper(key) => each.repository_url }
  arns = merge({ x = aws_kms_key.main.arn }, { y = aws_iam_role.main.arn })
}
resource "terraform_data" "it" {
  input = {
    splat     = aws_subnet.private[*].id
    loop      = [for key, url in local.urls : "${key}=${url}"]
    found     = lookup(local.urls, "A", "none")
    missed    = lookup(local.urls, "Q", aws_kms_key.main.arn) == "" ? "" : "none"
    merged    = local.arns
    zipped    = zipmap(["p", "q"], aws_subnet.private[*].id)
    written   = jsonencode({ a = aws_kms_key.main.arn, l = [true, null, aws_iam_role.main.arn] })
    formatted = format("%s-%05d", aws_kms_key.main.key_id, 7)
    joined    = join(",", aws_subnet.private[*].id)
    heredoc   = <<-EOT
      one ${aws_kms_key.main.arn}
      %{for each in aws_subnet.private}${each.id};%{endfor}
    EOT
    file      = templatefile("${path.module}/hello.tpl", { a = aws_kms_key.main.arn })
    field     = split(":", aws_kms_key.main.arn)[5]
    last      = reverse(split("/", aws_kms_key.main.arn))[0]
    host      = "${split("/", aws_ecr_repository.app["a"].repository_url)[0]}/x"
    upper     = upper(aws_kms_key.main.arn)
    lower     = lower(aws_kms_key.main.arn)
    coalesced = coalesce(aws_kms_key.main.arn, "b")
    tried     = try(aws_kms_key.main.arn, "b")
    compared  = aws_kms_key.main.arn != "" ? "set" : "unset"
  }
}
"""
    )
    assert inputs(told(configuration), expected) == expected


def test_what_is_worked_out_of_a_token_is_never_known(configuration: Configuration) -> None:
    configuration.write(
        PLATFORM
        + """
resource "terraform_data" "it" {
  input = {
    hash      = sha1(aws_kms_key.main.arn)
    around    = "x-${md5(aws_kms_key.main.arn)}-y"
    encoded   = base64encode(aws_kms_key.main.arn)
    first     = substr(aws_kms_key.main.key_id, 0, 3)
    second    = substr(aws_kms_key.main.key_id, 1, 2)
    final     = substr(aws_kms_key.main.key_id, -1, 1)
    length    = length(aws_kms_key.main.key_id)
    parts     = length(split("/", aws_kms_key.main.arn))
    partition = split(":", aws_kms_key.main.arn)[1]
    matches   = can(regex("^arn:aws:", aws_kms_key.main.arn))
    reversed  = strrev(aws_kms_key.main.key_id)
    uuid      = uuidv5("dns", aws_kms_key.main.arn)
    sorted    = sort([aws_kms_key.main.id, aws_iam_role.main.id])
    keys      = keys({ (aws_kms_key.main.id) = 1, (aws_iam_role.main.id) = 2 })
    keyed     = { (aws_kms_key.main.id) = "v" }
  }
}
resource "aws_instance" "app" {
  ami  = "ami-1"
  user_data = "${sha1(aws_kms_key.main.arn)} ${aws_iam_role.main.arn}"
}
"""
    )
    plan = told(configuration)
    names = (
        "hash", "around", "encoded", "first", "second", "final", "length", "parts", "partition",
        "matches", "reversed", "uuid", "keyed",
    )  # fmt: skip
    seen = {name: shown(plan, "terraform_data.it", f"input.{name}") for name in names}
    assert {
        name: value
        for name, value in seen.items()
        if not str(value).startswith(("?", "(known after apply)"))
    } == {}
    both = "(known after apply)${aws_iam_role.main.id}${aws_kms_key.main.id}"
    assert shown(plan, "terraform_data.it", "input.sorted[0]") == both
    assert shown(plan, "terraform_data.it", "input.keys[1]") == both
    flowing = "(known after apply)${aws_iam_role.main.arn}"
    assert shown(plan, "aws_instance.app", "user_data") == flowing


def test_a_task_definition_of_a_first_apply_can_be_read(configuration: Configuration) -> None:
    configuration.write("""
resource "aws_ecr_repository" "app" { name = "app" }
resource "aws_cloudwatch_log_group" "app" { name_prefix = "app" }
resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name         = "app"
    image        = "${aws_ecr_repository.app.repository_url}:1.0.0"
    portMappings = [{ containerPort = 8080 }]
    logConfiguration = {
      logDriver = "awslogs"
      options   = { awslogs-group = aws_cloudwatch_log_group.app.name }
    }
  }])
}
""")
    (task,) = (
        each for each in told(configuration).resources if each.type == "aws_ecs_task_definition"
    )
    value = task.value("container_definitions")
    assert isinstance(value, Unknown)
    assert value.template is not None
    (container,) = value.template.decoded()
    group = container["logConfiguration"]["options"]["awslogs-group"]
    assert str(container["image"]) == "${aws_ecr_repository.app.repository_url}:1.0.0"
    assert str(group) == "${aws_cloudwatch_log_group.app.name}"
    assert (container["name"], container["portMappings"]) == ("app", [{"containerPort": 8080}])


def test_nested_modules_with_keys_keep_their_instances_apart(configuration: Configuration) -> None:
    configuration.write(
        """
variable "port" {}
variable "subnet" {}
resource "aws_security_group" "it" { name = "it-${var.port}" }
output "group" { value = aws_security_group.it.id }
output "both" { value = "${var.subnet}/${aws_security_group.it.id}" }
""",
        "modules/inner/main.tf",
    )
    configuration.write(
        """
variable "subnet" {}
module "inner" {
  source = "../inner"
  count  = 2
  port   = count.index
  subnet = var.subnet
}
output "groups" { value = module.inner[*].group }
output "both" { value = module.inner[1].both }
""",
        "modules/outer/main.tf",
    )
    configuration.write(
        PLATFORM
        + """
module "outer" {
  source   = "./modules/outer"
  for_each = { "x.y" = aws_subnet.public.id, "q" = aws_subnet.private[0].id }
  subnet   = each.value
}
resource "terraform_data" "it" {
  input = {
    all  = flatten([for each in module.outer : each.groups])
    both = module.outer["x.y"].both
  }
}
"""
    )
    expected = {
        "all[1]": '${module.outer["q"].module.inner[1].aws_security_group.it.id}',
        "all[2]": '${module.outer["x.y"].module.inner[0].aws_security_group.it.id}',
        "both": "${aws_subnet.public.id}/"
        '${module.outer["x.y"].module.inner[1].aws_security_group.it.id}',
    }
    assert inputs(told(configuration), expected) == expected


def test_expressions_that_want_real_values_are_left_unknown(configuration: Configuration) -> None:
    configuration.write("""
resource "aws_vpc" "main" {
  cidr_block                       = "10.0.0.0/16"
  assign_generated_ipv6_cidr_block = true
}
resource "aws_subnet" "main" {
  vpc_id          = aws_vpc.main.id
  ipv6_cidr_block = cidrsubnet(aws_vpc.main.ipv6_cidr_block, 8, 1)
}
resource "aws_kms_key" "main" {}
resource "aws_iam_role" "main" { assume_role_policy = "{}" }
resource "aws_s3_bucket" "main" {}
locals { bucket = aws_s3_bucket.main.bucket_domain_name }
resource "terraform_data" "it" {
  input = {
    document = jsondecode(aws_kms_key.main.key_id)
    number   = tonumber(aws_iam_role.main.unique_id) + 1
    part     = regex("^x(.*)$", local.bucket)[0]
    tenth    = split("/", aws_iam_role.main.arn)[10]
    other    = aws_iam_role.main.name
  }
}
""")
    plan = told(configuration)
    assert shown(plan, "aws_subnet.main", "ipv6_cidr_block") == "?"
    assert shown(plan, "aws_subnet.main", "vpc_id") == "${aws_vpc.main.id}"
    expected = {
        "document": "?",
        "number": "?",
        "part": "?",
        "tenth": "?",
        "other": "${aws_iam_role.main.name}",
    }
    assert inputs(plan, expected) == expected


def test_a_data_source_that_is_of_no_use_as_a_token_is_said(configuration: Configuration) -> None:
    configuration.write("""
resource "aws_kms_key" "main" {}
data "aws_subnet" "it" {
  id         = "subnet-1"
  depends_on = [aws_kms_key.main]
}
output "vpc" { value = regex("^vpc-(.*)$", data.aws_subnet.it.vpc_id)[0] }
""")
    message = refused(planned(configuration), configuration.folder)
    assert "main.tf:7: Error in function call" in message
    assert message.endswith("(this works with real values alone)")


def test_conditions_on_tokens_hold(configuration: Configuration) -> None:
    configuration.write(
        """
variable "role" {
  validation {
    condition     = var.role == null ? false : can(regex("^arn:aws:iam::", var.role))
    error_message = "${var.role} is not a role."
  }
}
variable "ids" {
  type = list(string)
  validation {
    error_message = "Not ids."
    condition = alltrue([
      for each in var.ids : startswith(each, "subnet-") && regex("^subnet-", each) != ""
    ])
  }
}
output "role" { value = var.role }
""",
        "checked/main.tf",
    )
    configuration.write(
        PLATFORM
        + """
module "checked" {
  source = "./checked"
  role   = aws_iam_role.main.arn
  ids    = aws_subnet.private[*].id
}
resource "terraform_data" "it" {
  input = { role = module.checked.role }
  lifecycle {
    precondition {
      condition     = startswith(aws_kms_key.main.arn, "arn:aws:kms:")
      error_message = "Not a key."
    }
    postcondition {
      condition     = self.input.role == "real"
      error_message = "Not real."
    }
  }
}
check "key" {
  assert {
    condition     = startswith(aws_kms_key.main.arn, "arn:aws:kms:")
    error_message = "Not a key."
  }
}
"""
    )
    expected = {"role": "${aws_iam_role.main.arn}"}
    assert inputs(told(configuration), expected) == expected


def test_a_configuration_in_json_is_replayed(configuration: Configuration) -> None:
    configuration.write(
        """{
  "variable": {"name": {"default": "x", "validation": {
    "condition": "${var.name == \\"x\\"}", "error_message": "Not x."}}},
  "resource": {
    "aws_kms_key": {"main": {}},
    "terraform_data": {"it": {"input": {"a": "${var.name}-${aws_kms_key.main.arn}"},
      "lifecycle": {"precondition": [{
        "condition": "${aws_kms_key.main.arn == \\"\\"}", "error_message": "No."}]}}}
  }
}""",
        "main.tf.json",
    )
    expected = {"a": "x-${aws_kms_key.main.arn}"}
    assert inputs(told(configuration), expected) == expected


# -- data sources --------------------------------------------------------------------------------


def test_a_policy_document_on_new_resources_is_read(configuration: Configuration) -> None:
    configuration.write("""
resource "aws_kms_key" "main" {}
resource "aws_iam_role" "it" {
  for_each           = toset(["a", "b"])
  name               = each.key
  assume_role_policy = "{}"
}
data "aws_iam_policy_document" "it" {
  for_each = aws_iam_role.it
  statement {
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.main.arn]
    condition {
      test     = "StringEquals"
      variable = "${aws_kms_key.main.key_id}:sub"
      values   = [each.value.unique_id]
    }
  }
}
resource "aws_iam_role_policy" "it" {
  for_each = aws_iam_role.it
  role     = each.value.id
  policy   = data.aws_iam_policy_document.it[each.key].json
}
""")
    plan = told(configuration)
    (policy,) = (each for each in plan.resources if each.address == 'aws_iam_role_policy.it["b"]')
    value = policy.value("policy")
    assert isinstance(value, Unknown)
    assert value.template is not None
    (statement,) = value.template.decoded()["Statement"]
    assert str(statement["Resource"]) == "${aws_kms_key.main.arn}"
    ((key, value),) = statement["Condition"]["StringEquals"].items()
    assert (key, str(value)) == (
        "${aws_kms_key.main.key_id}:sub",
        '${aws_iam_role.it["b"].unique_id}',
    )


def test_a_data_source_that_waits_tells_only_what_the_account_cannot_change(
    configuration: Configuration,
) -> None:
    configuration.write(
        """
data "aws_region" "it" {}
data "aws_partition" "it" {}
data "aws_caller_identity" "it" {}
data "aws_availability_zones" "it" {}
data "aws_subnet" "it" { id = "subnet-1" }
output "it" {
  value = {
    region  = data.aws_region.it.name
    prefix  = "arn:${data.aws_partition.it.partition}:${data.aws_caller_identity.it.account_id}"
    mine    = data.aws_caller_identity.it.account_id == "1" ? "a" : "b"
    zone    = data.aws_availability_zones.it.names[2]
    zones   = length(data.aws_availability_zones.it.names)
    public  = data.aws_subnet.it.map_public_ip_on_launch
    free    = data.aws_subnet.it.available_ip_address_count
    ranged  = cidrsubnet(data.aws_subnet.it.cidr_block, 4, 1)
  }
}
""",
        "waiting/main.tf",
    )
    configuration.write("""
provider "aws" { region = "eu-west-1" }
resource "aws_kms_key" "main" {}
module "waiting" {
  source     = "./waiting"
  depends_on = [aws_kms_key.main]
}
resource "terraform_data" "it" { input = module.waiting.it }
""")
    expected = {
        "region": "eu-west-1",
        "prefix": "arn:aws:${module.waiting.data.aws_caller_identity.it.account_id}",
        "zone": "${module.waiting.data.aws_availability_zones.it.names}",
        "zones": "?",
        "public": "?",
        "free": "?",
        "ranged": "?",
    }
    assert inputs(told(configuration), expected) == expected


def test_answers_the_plan_was_given_are_given_again(configuration: Configuration) -> None:
    configuration.write("""
data "aws_vpc" "it" { tags = { Name = "main" } }
data "aws_caller_identity" "it" {}
resource "aws_kms_key" "main" {}
resource "terraform_data" "it" {
  input = {
    both    = "${data.aws_vpc.it.id}/${aws_kms_key.main.id}"
    account = "${data.aws_caller_identity.it.account_id}/${aws_kms_key.main.id}"
  }
}
""")
    plan = told(configuration)
    (vpc,) = (each for each in plan.resources if each.address == "data.aws_vpc.it")
    assert vpc.after is not None
    expected = {
        "both": f"{vpc.after['id']}/${{aws_kms_key.main.id}}",
        "account": "123456789012/${aws_kms_key.main.id}",
    }
    assert inputs(plan, expected) == expected


def test_answers_of_one_provider_are_not_those_of_another(configuration: Configuration) -> None:
    configuration.write("""
provider "aws" { region = "eu-west-1" }
provider "aws" {
  alias  = "west"
  region = "us-west-2"
  default_tags { tags = { Key = aws_kms_key.main.arn } }
  assume_role { role_arn = aws_iam_role.main.arn }
}
resource "aws_kms_key" "main" {}
resource "aws_iam_role" "main" { assume_role_policy = "{}" }
data "aws_region" "here" {}
data "aws_region" "west" { provider = aws.west }
data "aws_caller_identity" "here" {}
data "aws_availability_zones" "here" {}
data "aws_availability_zones" "west" { provider = aws.west }
resource "aws_sns_topic" "west" {
  provider = aws.west
  name     = "topic-${data.aws_region.west.name}"
  tags     = { A = "x" }
}
data "aws_caller_identity" "west" {
  provider   = aws.west
  depends_on = [aws_kms_key.main]
}
resource "terraform_data" "it" {
  input = {
    here    = "${data.aws_region.here.name}/${aws_kms_key.main.id}"
    west    = "${data.aws_region.west.name}/${aws_kms_key.main.id}"
    topic   = "${aws_sns_topic.west.region}/${aws_kms_key.main.id}"
    zone    = "${data.aws_availability_zones.here.names[0]}/${aws_kms_key.main.id}"
    far     = "${data.aws_availability_zones.west.names[0]}/${aws_kms_key.main.id}"
    account = "${data.aws_caller_identity.west.account_id}"
  }
}
""")
    plan = told(configuration)
    expected = {
        "here": "eu-west-1/${aws_kms_key.main.id}",
        "west": "us-west-2/${aws_kms_key.main.id}",
        "topic": "us-west-2/${aws_kms_key.main.id}",
        "zone": "eu-west-1a/${aws_kms_key.main.id}",
        "far": "us-west-2a/${aws_kms_key.main.id}",
    }
    assert inputs(plan, expected) == expected
    assert shown(plan, "terraform_data.it", "input.account") != "123456789012"
    assert shown(plan, "aws_sns_topic.west", "tags_all.Key") == "${aws_kms_key.main.arn}"


def test_documents_and_files_that_only_apply_will_tell_are_not_made_up(
    configuration: Configuration,
) -> None:
    configuration.write(
        """
data "tls_certificate" "it" { url = "https://example.com" }
data "local_file" "it" { filename = "${path.module}/main.tf" }
output "it" {
  value = {
    print = data.tls_certificate.it.certificates[0].sha1_fingerprint
    file  = data.local_file.it.content_md5
  }
}
""",
        "waiting/main.tf",
    )
    configuration.write("""
resource "aws_iam_role" "main" { assume_role_policy = "{}" }
resource "aws_s3_bucket" "main" {}
data "aws_iam_policy_document" "merged" {
  source_policy_documents = [aws_s3_bucket.main.policy]
  statement {
    actions   = ["s3:*"]
    resources = ["*"]
  }
}
data "aws_iam_policy_document" "broken" {
  source_policy_documents = [aws_iam_role.main.unique_id]
}
module "waiting" {
  source     = "./waiting"
  depends_on = [aws_iam_role.main]
}
resource "terraform_data" "it" {
  input = {
    merged = data.aws_iam_policy_document.merged.json
    broken = data.aws_iam_policy_document.broken.json
    print  = module.waiting.it.print
    file   = module.waiting.it.file
  }
}
""")
    expected = {
        "merged": "${data.aws_iam_policy_document.merged.json}",
        "broken": "${data.aws_iam_policy_document.broken.json}",
        "print": "${module.waiting.data.tls_certificate.it.certificates.sha1_fingerprint}",
        "file": "${module.waiting.data.local_file.it.content_md5}",
    }
    assert inputs(told(configuration), expected) == expected


def test_states_of_others_are_what_the_plan_was_told(
    configuration: Configuration, tmp_path: Path
) -> None:
    deep = ["object", {"x": ["tuple", ["number", "string", "bool"]]}]
    outputs = {
        "vpc": {"value": "vpc-1", "type": "string"},
        "subnets": {"value": ["a", "b"], "type": ["list", "string"]},
        "deep": {"value": {"x": [1, None, True]}, "type": deep},
    }
    far = tmp_path / "far.json"
    state = {"version": 4, "serial": 1, "lineage": "x", "outputs": outputs}
    far.write_text(json.dumps(state))
    block = f"""
data "terraform_remote_state" "far" {{
  backend = "local"
  config  = {{ path = "{far}" }}
}}
"""
    configuration.write(
        block + 'output "vpc" { value = "${data.terraform_remote_state.far.outputs.vpc}" }',
        "inner/main.tf",
    )
    configuration.write(
        block
        + """
module "inner" { source = "./inner" }
resource "aws_kms_key" "main" {}
resource "terraform_data" "it" {
  input = {
    inner = "${module.inner.vpc}/${aws_kms_key.main.id}"
    last  = "${data.terraform_remote_state.far.outputs.subnets[1]}/${aws_kms_key.main.id}"
    deep  = "${data.terraform_remote_state.far.outputs.deep.x[0]}/${aws_kms_key.main.id}"
  }
}
"""
    )
    plan = planned(configuration)
    far.unlink()
    new = enriched(plan, replay(plan, configuration.folder, seconds=SECONDS))
    expected = {
        "inner": "vpc-1/${aws_kms_key.main.id}",
        "last": "b/${aws_kms_key.main.id}",
        "deep": "1/${aws_kms_key.main.id}",
    }
    assert inputs(new, expected) == expected


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("eu-west-1", "eu-west-1/${aws_kms_key.main.id}"),
        ("", "(known after apply)/${aws_kms_key.main.id}"),
    ],
)
def test_a_region_of_the_environment_is_that_of_the_plan_or_nobodys(
    configuration: Configuration, region: str, said: str
) -> None:
    configuration.write("""
resource "aws_kms_key" "main" {}
resource "terraform_data" "it" {
  input = { a = "${aws_kms_key.main.region}/${aws_kms_key.main.id}" }
}
""")
    plan = planned(configuration)
    resources = []
    for each in plan.resources:
        after = {name: value for name, value in (each.after or {}).items() if name != "region"}
        if region and each.type == "aws_kms_key":
            after["region"] = region
        resources.append(replace(each, after=after))
    plan = replace(plan, resources=tuple(resources))
    new = enriched(plan, replay(plan, configuration.folder, seconds=SECONDS))
    assert inputs(new, {"a": said}) == {"a": said}


def test_counted_data_sources_are_followed(configuration: Configuration) -> None:
    configuration.write("""
variable "names" { default = ["a", "b"] }
resource "aws_kms_key" "main" {
  for_each = toset(var.names)
}
data "aws_kms_alias" "it" {
  count = length(var.names)
  name  = "alias/${aws_kms_key.main[var.names[count.index]].key_id}"
}
data "aws_kms_alias" "one" { name = "alias/${aws_kms_key.main["a"].key_id}" }
data "aws_kms_alias" "two" { # with a comment
  name = "alias/${aws_kms_key.main["b"].key_id}"
}
resource "terraform_data" "it" {
  input = [
    for each in [data.aws_kms_alias.it[1], data.aws_kms_alias.one, data.aws_kms_alias.two] :
    each.target_key_arn
  ]
}
""")
    plan = told(configuration)
    assert (
        shown(plan, "data.aws_kms_alias.it[1]", "name") == 'alias/${aws_kms_key.main["b"].key_id}'
    )
    names = ("it[1]", "one", "two")
    assert [shown(plan, "terraform_data.it", f"input[{index}]") for index in range(3)] == [
        f"${{data.aws_kms_alias.{name}.target_key_arn}}" for name in names
    ]


# -- second plans --------------------------------------------------------------------------------

SECOND = """
variable "tag" { default = "1" }
variable "second" { default = "false" }
resource "aws_ecr_repository" "app" { name = "app" }
resource "aws_kms_key" "main" { description = "key-${var.tag}" }
resource "aws_ecs_task_definition" "app" {
  family                = "app-${var.tag}"
  container_definitions = jsonencode([{
    name  = "app"
    image = "${aws_ecr_repository.app.repository_url}:${var.tag}"
  }])
}
resource "aws_ecs_service" "app" {
  name            = "app"
  task_definition = aws_ecs_task_definition.app.arn
  desired_count   = 2
}
resource "aws_sns_topic" "gone" { count = var.second == "true" ? 0 : 1 }
resource "aws_iam_user" "new" {
  count = var.second == "true" ? 1 : 0
  name  = "new"
  path  = "/${aws_ecs_task_definition.app.arn}/${aws_kms_key.main.arn}/"
}
"""


def test_a_second_plan_is_replayed_on_its_state(configuration: Configuration) -> None:
    configuration.write(SECOND)
    plan = told(configuration, {"tag": "2", "second": "true"}, after=[{}])
    assert {each.address: each.actions for each in plan.resources} == {
        "aws_ecr_repository.app": ("no-op",),
        "aws_ecs_service.app": ("update",),
        "aws_ecs_task_definition.app": ("delete", "create"),
        "aws_iam_user.new[0]": ("create",),
        "aws_kms_key.main": ("update",),
        "aws_sns_topic.gone[0]": ("delete",),
    }
    task = "${aws_ecs_task_definition.app.arn}"
    assert shown(plan, "aws_ecs_service.app", "task_definition") == task
    (key,) = (each for each in plan.resources if each.type == "aws_kms_key")
    assert key.after is not None
    path = f"/{task}/{key.after['arn']}/"
    assert shown(plan, "aws_iam_user.new[0]", "path") == path


def test_resources_that_move_or_leave_are_replayed(configuration: Configuration) -> None:
    configuration.write("""
resource "aws_sqs_queue" "old" { name = "q" }
resource "aws_sns_topic" "left" { name = "t" }
resource "aws_s3_bucket" "deleted" { bucket = "b" }
resource "aws_instance" "imported" { ami = "ami-1" }
resource "terraform_data" "kept" { input = { a = ["x", 1, null, true] } }
""")
    earlier = read_plan(configuration.plan(after=[{}]).outcome.plan_json, "earlier.json")
    assert {each.actions for each in earlier.resources} == {("no-op",)}
    before = {each.address: each for each in earlier.resources}
    configuration.write("""
resource "aws_sqs_queue" "new" { name = "q" }
moved {
  from = aws_sqs_queue.old
  to   = aws_sqs_queue.new
}
removed {
  from = aws_sns_topic.left
  lifecycle { destroy = false }
}
resource "terraform_data" "kept" { input = { a = ["x", 1, null, true] } }
resource "aws_instance" "imported" { ami = "ami-1" }
resource "terraform_data" "it" {
  input = {
    queue = "${aws_sqs_queue.new.url}/${aws_kms_key.main.id}"
    kept  = terraform_data.kept.output.a[0] == aws_kms_key.main.id ? "a" : terraform_data.kept.id
  }
}
resource "aws_kms_key" "main" {}
""")
    created = planned(configuration)
    gone = {
        "aws_sns_topic.left": ("forget",),
        "aws_s3_bucket.deleted": ("delete",),
    }
    stays = {
        "aws_sqs_queue.new": "aws_sqs_queue.old",
        "terraform_data.kept": "terraform_data.kept",
        "aws_instance.imported": "aws_instance.imported",
    }
    plan = replace(
        created,
        resources=(
            *(
                replace(before[stays[each.address]], address=each.address, name=each.name)
                if each.address in stays
                else each
                for each in created.resources
            ),
            *(
                replace(before[address], after=None, actions=actions)
                for address, actions in gone.items()
            ),
        ),
    )
    # The plan imported it; for who replays, it is there already.
    configuration.write(
        """
import {
  to = aws_instance.imported
  id = "i-1"
}
""",
        "import.tf",
    )
    made = replay(plan, configuration.folder, seconds=SECONDS)
    assert {each.address: each.actions for each in made.first.plan.resources} == {
        "aws_instance.imported": ("no-op",),
        "aws_kms_key.main": ("create",),
        "aws_s3_bucket.deleted": ("delete",),
        "aws_sns_topic.left": ("forget",),
        "aws_sqs_queue.new": ("no-op",),
        "terraform_data.it": ("create",),
        "terraform_data.kept": ("no-op",),
    }
    new = enriched(plan, made)
    url = (before["aws_sqs_queue.old"].after or {})["url"]
    assert shown(new, "terraform_data.it", "input.queue") == f"{url}/${{aws_kms_key.main.id}}"


def test_what_an_update_computes_anew_is_not_taken_from_the_state(
    configuration: Configuration,
) -> None:
    configuration.write(SECOND)
    plan = planned(configuration, {"tag": "2", "second": "true"}, after=[{}])
    (key,) = (each for each in plan.resources if each.type == "aws_kms_key")
    assert key.actions == ("update",)
    after = {name: value for name, value in (key.after or {}).items() if name != "arn"}
    anew = replace(key, after=after, after_unknown={"arn": True})
    resources = tuple(anew if each is key else each for each in plan.resources)
    plan = replace(plan, resources=resources)
    new = enriched(plan, replay(plan, configuration.folder, seconds=SECONDS))
    path = "/${aws_ecs_task_definition.app.arn}/${aws_kms_key.main.arn}/"
    assert shown(new, "aws_iam_user.new[0]", "path") == path


def test_a_state_of_another_provider_version_is_read(configuration: Configuration) -> None:
    configuration.write(SECOND)
    plan = planned(configuration, {"tag": "2"}, after=[{}])
    others = []
    for each in plan.resources:
        before = {**(each.before or {}), "of_another_version": True}
        if each.type == "aws_ecs_service":
            before["network_configuration"] = [{"of_another_version": 1, "subnets": ["s"]}]
            before["desired_count"] = "2"
            before["iam_role"] = ["of another type"]
        others.append(replace(each, before=before))
    plan = replace(plan, resources=tuple(others))
    new = enriched(plan, replay(plan, configuration.folder, seconds=SECONDS))
    task = "${aws_ecs_task_definition.app.arn}"
    assert shown(new, "aws_ecs_service.app", "task_definition") == task


def test_tainted_and_deposed_objects_and_requested_replacements_are_replayed(
    configuration: Configuration,
) -> None:
    configuration.write(SECOND)
    plan = planned(configuration, after=[{}])
    service, task, key = (
        next(each for each in plan.resources if each.type == kind)
        for kind in ("aws_ecs_service", "aws_ecs_task_definition", "aws_kms_key")
    )
    replaced = ("delete", "create")
    changed = {
        task.address: replace(task, actions=replaced, action_reason="replace_because_tainted"),
        key.address: replace(key, actions=replaced, action_reason="replace_by_request"),
    }
    deposed = replace(key, deposed="00000001", actions=("delete",), after=None)
    resources = [*(changed.get(each.address, each) for each in plan.resources), deposed]
    plan = replace(plan, resources=tuple(resources))
    made = replay(plan, configuration.folder, seconds=SECONDS)
    actions = {(each.address, each.deposed): each.actions for each in made.first.plan.resources}
    assert actions[task.address, ""] == replaced
    assert actions[key.address, ""] == replaced
    assert actions[key.address, "00000001"] == ("delete",)
    assert actions[service.address, ""] == ("update",)


# -- what a replay must not do -------------------------------------------------------------------


def test_nothing_of_the_configuration_is_run(configuration: Configuration, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    configuration.write(f"""
resource "aws_kms_key" "main" {{
  provisioner "local-exec" {{
    command = "touch {witness}"
  }}
  provisioner "file" {{
    content     = "x"
    destination = "{witness}"
  }}
}}
resource "local_file" "it" {{
  filename = "{witness}"
  content  = aws_kms_key.main.arn
}}
resource "terraform_data" "it" {{
  input = {{ key = aws_kms_key.main.arn }}
  provisioner "local-exec" {{
    interpreter = ["/bin/sh", "-c"]
    command     = "touch {witness}"
  }}
}}
""")
    expected = {"key": "${aws_kms_key.main.arn}"}
    assert inputs(told(configuration), expected) == expected
    assert not witness.exists()


def test_an_external_program_is_not_run(configuration: Configuration, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    configuration.write(f"""
data "external" "it" {{ program = ["touch", "{witness}"] }}
resource "aws_kms_key" "main" {{}}
resource "terraform_data" "it" {{
  input = {{ a = "${{length(data.external.it.result)}}-${{aws_kms_key.main.id}}" }}
}}
""")
    plan = planned(configuration)
    new = enriched(plan, replay(plan, configuration.folder, seconds=SECONDS))
    expected = {"a": "0-${aws_kms_key.main.id}"}
    assert inputs(new, expected) == expected
    assert not witness.exists()


def test_nothing_is_left_behind_and_secrets_are_private(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration.write("""
variable "password" { sensitive = true }
resource "aws_kms_key" "main" {}
resource "aws_db_instance" "main" {
  instance_class = "db.t3.micro"
  password       = var.password
}
""")
    plan = planned(configuration, {"password": "hunter2"}, after=[{"password": "hunter1"}])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    modes: dict[str, int] = {}
    clean_up = shutil.rmtree

    def look_and_remove(path: str, *arguments: Any, **named: Any) -> None:
        for file in (Path(path), *Path(path).rglob("*")):
            modes[file.name] = stat.S_IMODE(file.stat().st_mode)
        clean_up(path, *arguments, **named)

    monkeypatch.setattr(shutil, "rmtree", look_and_remove)
    replay(plan, configuration.folder, seconds=SECONDS)
    secret = ("policyscan.tfvars.json", "terraform.tfstate", "first.tfplan", "second.tfplan")
    assert {modes[name] for name in secret} == {0o600}
    assert {mode for name, mode in modes.items() if name.startswith("policyscan-")} == {0o700}
    assert list(scratch.iterdir()) == []
    assert sorted(each.name for each in configuration.folder.iterdir()) == ["main.tf"]


def test_what_is_sensitive_stays_so(configuration: Configuration) -> None:
    configuration.write("""
variable "password" { sensitive = true }
resource "aws_kms_key" "main" {}
resource "aws_ssm_parameter" "main" {
  name  = "/${aws_kms_key.main.key_id}"
  type  = "String"
  value = "${aws_kms_key.main.arn}/hunter2"
}
resource "terraform_data" "it" {
  input = {
    secret = "${var.password}@${aws_kms_key.main.arn}"
    marked = sensitive("${aws_kms_key.main.arn}/hunter2")
    open   = aws_kms_key.main.arn
    inside = jsonencode([{ name = "P", value = var.password }, aws_kms_key.main.arn])
    hidden = jsondecode(jsonencode([aws_kms_key.main.arn, var.password]))[1]
  }
}
resource "aws_instance" "it" {
  ami  = "ami-1"
  tags = { Password = var.password, Key = aws_kms_key.main.arn }
}
""")
    plan = told(configuration, {"password": "hunter2"})
    expected = {
        "secret": "(sensitive)",
        "marked": "(sensitive)",
        "open": "${aws_kms_key.main.arn}",
        "inside": "(sensitive)",
    }
    assert inputs(plan, expected) == expected
    assert shown(plan, "aws_ssm_parameter.main", "value") == "(sensitive)"
    assert shown(plan, "aws_instance.it", "tags.Key") == "${aws_kms_key.main.arn}"
    (it,) = (each for each in plan.resources if each.address == "terraform_data.it")
    (instance,) = (each for each in plan.resources if each.address == "aws_instance.it")
    values = (*it.leaves("input"), *instance.leaves("tags"))
    assert [str(each) for each in values if "hunter" in str(each) and isinstance(each, Known)] == []
    assert it.value("input.hidden") == Known("hunter2", is_sensitive=True)


def test_variables_of_every_type_are_given_again(configuration: Configuration) -> None:
    configuration.write("""
variable "text" { default = "\\"<&>\\" $${x} é" }
variable "nothing" { default = null }
variable "absent" {
  type     = string
  nullable = false
  default  = "kept"
}
variable "object" {
  type = object({
    name  = string
    ports = optional(set(number), [80, 443])
    inner = optional(object({ on = bool, text = optional(string) }))
  })
}
variable "texts" { type = set(string) }
variable "any" { type = any }
variable "huge" { type = number }
resource "aws_kms_key" "main" {}
resource "terraform_data" "it" {
  input = {
    all = jsonencode([
      aws_kms_key.main.id, var.text, var.nothing, var.absent, var.object, var.texts, var.any,
      var.huge,
    ])
  }
}
""")
    plan = told(
        configuration,
        {
            "object": '{ name = "n", inner = { on = true } }',
            "texts": '["b", "a"]',
            "any": "[1, true, { x = null }]",
            "huge": "123456789012345678901234567890",
        },
    )
    assert shown(plan, "terraform_data.it", "input.all") == (
        '["${aws_kms_key.main.id}","\\"\\u003c\\u0026\\u003e\\" ${x} é",null,"kept",'
        '{"inner":{"on":true,"text":null},"name":"n","ports":[80,443]},["a","b"],'
        '[1,true,{"x":null}],123456789012345678901234567890]'
    )


def test_links_are_followed_and_the_source_stays_as_it_is(
    configuration: Configuration, tmp_path: Path
) -> None:
    text = """
variable "name" {
  default = "x"
  validation {
    condition     = var.name == "x"
    error_message = "Not x."
  }
}
resource "aws_kms_key" "main" {}
data "aws_kms_alias" "it" {
  name       = "alias/${aws_kms_key.main.key_id}"
  depends_on = [aws_kms_key.main]
}
resource "terraform_data" "it" {
  input = { alias = "${var.name}/${data.aws_kms_alias.it.name}" }
}
"""
    real = tmp_path / "real"
    real.mkdir()
    (real / "main.tf").write_text(text)
    (configuration.folder / "main.tf").symlink_to(real / "main.tf")
    link = tmp_path / "link"
    link.symlink_to(configuration.folder)
    plan = planned(configuration)
    new = enriched(plan, replay(plan, link, seconds=SECONDS))
    expected = {"alias": "x/alias/${aws_kms_key.main.key_id}"}
    assert inputs(new, expected) == expected
    assert (real / "main.tf").read_text() == text
    assert [each.name for each in real.iterdir()] == ["main.tf"]


def test_backends_clouds_and_settings_of_the_shell_do_not_matter(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration.write(
        """
terraform {
  cloud {
    organization = "o"
    workspaces { name = "w" }
  }
}
variable "name" { default = "x" }
resource "aws_kms_key" "main" {}
resource "terraform_data" "it" { input = { a = "${var.name}/${aws_kms_key.main.id}" } }
""".replace("\n", "\r\n")
    )
    plan = planned(configuration)
    configuration.write('name = "other"\n', "terraform.tfvars")
    monkeypatch.setenv("TF_VAR_name", "other")
    monkeypatch.setenv("TF_WORKSPACE", "other")
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-destroy")
    new = enriched(plan, replay(plan, configuration.folder, seconds=SECONDS))
    expected = {"a": "x/${aws_kms_key.main.id}"}
    assert inputs(new, expected) == expected


# -- what must be noticed ------------------------------------------------------------------------


def refused(plan: Plan, folder: Path, *, seconds: float = SECONDS) -> str:
    """Why there is no replay, in one line."""
    with pytest.raises(PlannerError) as caught:
        replay(plan, folder, seconds=seconds)
    message = str(caught.value)
    assert "\n" not in message
    return message


DRIFTING = """
variable "size" { default = 1 }
locals {
  name  = "one"
  ports = { http = 80 }
  tags  = { A = "x" }
  flags = [true]
}
resource "aws_kms_key" "main" { description = local.name }
resource "aws_security_group" "main" {
  tags = local.tags
  dynamic "ingress" {
    for_each = local.ports
    content {
      from_port = ingress.value
      to_port   = ingress.value
      protocol  = "tcp"
    }
  }
}
resource "aws_lb_target_group" "main" {
  port = local.ports.http
  health_check {
    path = "/"
    port = local.ports.http
  }
}
resource "aws_instance" "main" {
  count     = local.flags[0] ? var.size : 0
  ami       = local.name
  user_data = aws_kms_key.main.arn
  monitoring = local.flags[0]
}
resource "aws_iam_policy" "main" {
  policy = jsonencode({ Statement = [{ Action = local.name, Effect = "Allow" }] })
}
module "inner" {
  source = "./inner"
  key    = aws_kms_key.main.arn
  text   = "literal"
}
"""
INNER = """
variable "key" {}
variable "text" {}
variable "kind" { default = "k" }
output "text" { value = "constant" }
resource "terraform_data" "it" { input = "${var.key}:${var.text}:${var.kind}" }
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name  = "one"', 'name  = "two"', "aws_iam_policy.main has another policy"),
        ("http = 80 ", "http = 81 ", "aws_lb_target_group.main has another"),
        ("http = 80 ", "http = 80, other = 81 ", "aws_security_group.main has another ingress"),
        ('A = "x"', 'A = "y"', "aws_security_group.main has another tags"),
        ('A = "x"', 'B = "x"', "aws_security_group.main has another tags"),
        ("default = 1", "default = 2", "var.size is written otherwise"),
        ("var.size : 0", "0 : var.size", "aws_instance.main[0] is only in the plan"),
        ('text   = "literal"', 'text   = "other"', "module.inner is written otherwise"),
        ('"k"', '"j"', "module.inner.var.kind is written otherwise"),
        ('"constant"', '"changed"', "module.inner.output.text is written otherwise"),
        ("aws_kms_key.main.arn\n  mon", "aws_kms_key.main.id\n  mon", "aws_instance.main is writ"),
        ("[true]", "[1 == 1, false]", ""),
        ("[true]", "[2 > 1]", ""),
        (
            'module "inner"',
            'resource "aws_sns_topic" "more" {}\nmodule "inner"',
            "aws_sns_topic.more is only in the source",
        ),
    ],
)
def test_a_source_that_has_changed_is_noticed(
    configuration: Configuration, old: str, new: str, said: str
) -> None:
    configuration.write(DRIFTING)
    configuration.write(INNER, "inner/main.tf")
    plan = planned(configuration)
    configuration.write(DRIFTING.replace(old, new))
    configuration.write(INNER.replace(old, new), "inner/main.tf")
    if said:
        assert said in refused(plan, configuration.folder)
    else:
        assert replay(plan, configuration.folder, seconds=SECONDS).first.issued


def test_another_workspace_is_noticed(configuration: Configuration) -> None:
    text = """
locals { stage = terraform.workspace }
resource "aws_kms_key" "main" { description = "key-${local.stage}" }
resource "aws_sns_topic" "main" { name = "topic-${terraform.workspace}" }
"""
    configuration.write(text.replace("terraform.workspace", '"prod"', 1))
    plan = planned(configuration)
    configuration.write(text)
    message = refused(plan, configuration.folder)
    assert "not the source of this plan: aws_kms_key.main has another description" in message


def test_the_selected_workspace_is_that_of_the_plan(configuration: Configuration) -> None:
    text = """
resource "aws_kms_key" "main" { description = "key-${terraform.workspace}" }
resource "aws_sqs_queue" "main" { name = "old" }
resource "terraform_data" "it" {
  input = { a = "${terraform.workspace}/${aws_kms_key.main.id}/${aws_sqs_queue.main.arn}" }
}
"""
    configuration.write(text)
    made = configuration.plan().outcome.plan_json
    created = read_plan(made.replace(b"key-default", b"key-prod"), "plan.json")
    settled = planned(configuration, after=[{}])
    queue = next(each for each in settled.resources if each.type == "aws_sqs_queue")
    resources = (queue if each.type == "aws_sqs_queue" else each for each in created.resources)
    plan = replace(created, resources=tuple(resources))
    configuration.write("prod", ".terraform/environment")
    new = enriched(plan, replay(plan, configuration.folder, seconds=SECONDS))
    arn = (queue.after or {})["arn"]
    assert inputs(new, {"a": ""}) == {"a": f"prod/${{aws_kms_key.main.id}}/{arn}"}
    configuration.write("../../prod", ".terraform/environment")
    assert "has another description" in refused(plan, configuration.folder)


def test_what_is_not_the_source_is_said(configuration: Configuration, tmp_path: Path) -> None:
    configuration.write('resource "aws_kms_key" "main" {}')
    plan = planned(configuration)
    other = tmp_path / "other"
    other.mkdir()
    assert "holds no .tf or .tf.json file" in refused(plan, other)
    assert "not a folder" in refused(plan, tmp_path / "missing")
    (other / "main.tf").write_text('resource "aws_sns_topic" "main" {}')
    assert "other: not the source of this plan: aws_kms_key.main is only in" in refused(plan, other)
    (other / "main.tf").write_text('resource "aws_kms_key" {')
    assert "main.tf:1: " in refused(plan, other)
    (other / "main.tf").write_text('module "far" { source = "example/far/aws" }')
    assert "module 'far' (example/far/aws) is not installed" in refused(plan, other)


def test_a_missing_terraform_is_said(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configuration.write('resource "aws_kms_key" "main" {}')
    plan = planned(configuration)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused(plan, configuration.folder).startswith("terraform is not on PATH")


@pytest.mark.parametrize("seconds", [-1.0, 0.05, 1.0])
def test_time_is_limited(
    configuration: Configuration,
    seconds: float,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    configuration.write('resource "aws_kms_key" "main" {}')
    plan = planned(configuration)
    # However fast the machine is, this terraform is slower.
    slow = tmp_path / "bin" / "terraform"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", str(slow.parent), prepend=os.pathsep)
    assert refused(plan, configuration.folder, seconds=seconds).endswith("took too long")


def test_replays_of_one_plan_prove_the_same(configuration: Configuration) -> None:
    configuration.write(
        PLATFORM
        + """
resource "aws_instance" "app" {
  for_each               = var.exposed
  ami                    = "ami-1"
  subnet_id              = each.value ? aws_subnet.public.id : aws_subnet.private[0].id
  vpc_security_group_ids = [for each in aws_security_group.it : each.id]
}
resource "aws_security_group" "it" {
  count  = 3
  vpc_id = aws_vpc.main.id
}
resource "terraform_data" "it" {
  input = sort([for each in aws_ecr_repository.app : each.repository_url])
}
"""
    )
    plan = planned(configuration)
    told_plans = [
        enriched(plan, replay(plan, configuration.folder, seconds=SECONDS)) for _ in range(3)
    ]
    assert told_plans[0] == told_plans[1] == told_plans[2]
    groups = {
        shown(told_plans[0], 'aws_instance.app["a"]', f"vpc_security_group_ids[{index}]")
        for index in range(3)
    }
    assert groups == {f"${{aws_security_group.it[{index}].id}}" for index in range(3)}


def test_what_is_ephemeral_is_given_again(configuration: Configuration) -> None:
    """No plan holds it."""
    configuration.write(
        """
        variable "token" {
          type      = string
          ephemeral = true
        }
        resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
        resource "aws_ssm_parameter" "token" {
          name             = "/${aws_vpc.main.id}"
          type             = "SecureString"
          value_wo         = var.token
          value_wo_version = 1
        }
        """
    )
    plan = planned(configuration, {"token": "x"})
    for request in (Request(Inputs({"token": "x"})), Request(environment={"TF_VAR_token": "x"})):
        found = replay(plan, configuration.folder, seconds=SECONDS, request=request)
        name = shown(enriched(plan, found), "aws_ssm_parameter.token", "name")
        assert name == "/${aws_vpc.main.id}"
