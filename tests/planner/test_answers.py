"""What data sources find when a user says what they find."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from policyscan.errors import ConfigError, PlannerError
from policyscan.planner import Inputs, Request, make_plan
from policyscan.planner.data_sources import Answer
from policyscan.planner.data_sources.fit import misfit
from policyscan.planner.data_sources.known import Known
from policyscan.planner.mentions import WHOLE, mentions
from tests.planner.conftest import Planned

if TYPE_CHECKING:
    from tests.planner.conftest import Configuration


def answer(type_name: str, values: dict[str, Any], **match: Any) -> Answer:
    """An answer of a file that is called `data.yaml`, each key of it on a line of its own."""
    keys = [f"match.{name}" for name in match] + [f"values.{name}" for name in values]
    places = {name: f"data.yaml:{line}" for line, name in enumerate(keys, 2)}
    return Answer(type_name, match, values, "data.yaml:1", places)


def plan(configuration: Configuration, *answers: Answer, **request: Any) -> Planned:
    outcome = make_plan(configuration.folder, Request(answers=answers, **request))
    return Planned(outcome, json.loads(outcome.plan_json))


VPC = """
  data "aws_vpc" "main" {
    filter {
      name   = "tag:Name"
      values = ["main"]
    }
  }
  output "vpc" { value = data.aws_vpc.main.id }
  output "range" { value = data.aws_vpc.main.cidr_block }
"""


def test_an_answer_that_gives_all_that_is_read_leaves_nothing_made_up(
    configuration: Configuration,
) -> None:
    configuration.write(VPC)
    found = answer(
        "aws_vpc",
        {"id": "vpc-1", "cidr_block": "10.9.0.0/16"},
        filter={"tag:Name": "main"},
    )
    planned = plan(configuration, found)
    assert (planned.output("vpc"), planned.output("range")) == ("vpc-1", "10.9.0.0/16")
    assert (planned.outcome.stand_ins, planned.outcome.notes) == ((), ())


def test_what_is_read_and_not_given_is_made_up_and_told(configuration: Configuration) -> None:
    configuration.write(VPC)
    planned = plan(configuration, answer("aws_vpc", {"id": "vpc-1"}))
    assert planned.output("vpc") == "vpc-1"
    assert planned.outcome.stand_ins == ("data.aws_vpc.main",)
    assert planned.outcome.notes == (
        (
            "data.yaml:1: gives no cidr_block of data.aws_vpc.main, which the configuration reads: "
            "made up"
        ),
    )


def test_of_a_data_source_that_is_read_as_a_whole_all_must_be_given(
    configuration: Configuration,
) -> None:
    configuration.write("""
      data "aws_ssm_parameter" "image" { name = "/image" }
      locals { image = data.aws_ssm_parameter.image }
      output "image" {
        value     = local.image.value
        sensitive = true
      }
    """)
    planned = plan(configuration, answer("aws_ssm_parameter", {"value": "ami-1"}, name="/image"))
    assert planned.output("image") == "ami-1"
    assert planned.outcome.stand_ins == ("data.aws_ssm_parameter.image",)
    (note,) = planned.outcome.notes
    assert note.startswith("data.yaml:1: gives no arn, id, ")


def test_the_first_answer_that_fits_counts_and_the_others_are_told(
    configuration: Configuration,
) -> None:
    configuration.write("""
      variable "names" { default = ["a", "b"] }
      data "aws_sqs_queue" "each" {
        for_each = toset(var.names)
        name     = each.key
      }
      output "urls" { value = [for each in ["a", "b"] : data.aws_sqs_queue.each[each].url] }
    """)
    answers = [
        answer("aws_sqs_queue", {"url": "https://a"}, name="a"),
        answer("aws_sqs_queue", {"url": "https://any"}),
        answer("aws_sqs_queue", {"url": "https://late"}, name="b"),
        answer("aws_sns_topic", {"arn": "arn:aws:sns:us-east-1:123456789012:t"}),
    ]
    answers = [
        Answer(each.type, each.match, each.values, f"data.yaml:{line}", each.places)
        for line, each in enumerate(answers, 1)
    ]
    planned = plan(configuration, *answers)
    assert planned.output("urls") == ["https://a", "https://any"]
    assert planned.outcome.stand_ins == ()
    assert planned.outcome.notes == (
        (
            "data.yaml:3: answers no aws_sqs_queue of this configuration: none has the arguments "
            "of its match, or an earlier answer has answered"
        ),
        "data.yaml:4: no aws_sns_topic was read for this plan",
    )


def test_an_answer_that_a_simulated_apply_took_is_used(configuration: Configuration) -> None:
    configuration.write("""
      variable "lookup" { default = true }
      data "aws_sqs_queue" "jobs" {
        count = var.lookup ? 1 : 0
        name  = "jobs"
      }
    """)
    found = answer("aws_sqs_queue", {"url": "https://jobs"}, name="jobs")
    planned = plan(configuration, found, inputs=Inputs({"lookup": "false"}), after=(Inputs(),))
    assert planned.outcome.notes == ()


def test_regions_tell_data_sources_of_aliases_apart(configuration: Configuration) -> None:
    configuration.write("""
      provider "aws" { region = "eu-west-1" }
      provider "aws" {
        alias  = "there"
        region = "us-west-2"
      }
      data "aws_sqs_queue" "here" { name = "jobs" }
      data "aws_sqs_queue" "there" {
        provider = aws.there
        name     = "jobs"
      }
      output "urls" { value = [data.aws_sqs_queue.here.url, data.aws_sqs_queue.there.url] }
    """)
    found = answer("aws_sqs_queue", {"url": "https://there"}, name="jobs", region="us-west-2")
    planned = plan(configuration, found)
    here, there = planned.output("urls")
    assert there == "https://there" != here
    assert planned.outcome.stand_ins == ("data.aws_sqs_queue.here",)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            answer("aws_vcp", {"id": "vpc-1"}),
            "data.yaml:1: no data source is of type 'aws_vcp'; did you mean 'aws_vpc'?",
        ),
        (
            answer("aws_vpc", {"cidr_blok": "10.0.0.0/8"}),
            (
                "data.yaml:2: aws_vpc has no attribute to find called 'cidr_blok'; did you mean "
                "'cidr_block'?"
            ),
        ),
        (
            answer("aws_vpc", {"id": "vpc-1"}, filters={"a": "b"}),
            "data.yaml:2: aws_vpc has no argument called 'filters'; did you mean 'filter'?",
        ),
        (
            answer("aws_vpc", {"cidr_block": ["10.0.0.0/8"]}),
            "data.yaml:2: cidr_block of aws_vpc takes a text",
        ),
        (
            answer("aws_vpc", {"owner_id": 123456789012}),
            "data.yaml:2: owner_id of aws_vpc takes a text; write it in quotes",
        ),
        (
            answer("aws_vpc", {"id": "vpc-1"}, default="yes"),
            "data.yaml:2: default of aws_vpc takes true or false",
        ),
    ],
)
def test_an_answer_that_no_data_source_can_have_is_refused(
    configuration: Configuration, wrong: Answer, told: str
) -> None:
    configuration.write(VPC)
    with pytest.raises(ConfigError) as refused:
        plan(configuration, wrong)
    assert refused.value.lines == (told,)


OTHER_STATE = """
  variable "stage" { default = "prod" }
  data "terraform_remote_state" "network" {
    backend = "s3"
    config = {
      bucket = "states"
      key    = "${var.stage}/network.tfstate"
      region = "us-east-1"
    }
  }
  resource "aws_subnet" "one" {
    vpc_id     = data.terraform_remote_state.network.outputs.vpc_id
    cidr_block = data.terraform_remote_state.network.outputs.ranges[0]
  }
"""


def test_the_state_of_another_configuration_is_answered_by_its_outputs(
    configuration: Configuration,
) -> None:
    configuration.write(OTHER_STATE)
    found = answer(
        "terraform_remote_state",
        {"outputs": {"vpc_id": "vpc-1", "ranges": ["10.0.1.0/24"]}},
        config={"key": "prod/network.tfstate"},
    )
    planned = plan(configuration, found)
    after = planned.change("aws_subnet.one")["after"]
    assert (after["vpc_id"], after["cidr_block"]) == ("vpc-1", "10.0.1.0/24")
    assert planned.outcome.stand_ins == ()
    # Whoever reads the plan is to find what core would have written.
    assert b"policyscan" not in planned.outcome.plan_json
    (state,) = planned.document["prior_state"]["values"]["root_module"]["resources"]
    assert state["provider_name"] == "terraform.io/builtin/terraform"
    assert state["values"]["config"]["bucket"] == "states"


def test_the_state_of_another_configuration_is_not_fetched_but_asked_for(
    configuration: Configuration,
) -> None:
    module = "module/main.tf"
    configuration.write('module "inner" { source = "./module" }')
    configuration.write(OTHER_STATE, module)
    other = answer("terraform_remote_state", {"outputs": {}}, config={"key": "test"})
    with pytest.raises(PlannerError) as refused:
        plan(configuration, other)
    assert str(refused.value) == (
        f"{configuration.folder / module}:3: module.inner.data.terraform_remote_state.network: the "
        "state of another configuration is not read offline; give its outputs with --data FILE, in "
        'which stands: - {type: terraform_remote_state, match: {"backend": "s3", "config": '
        '{"bucket": "states", "key": "prod/network.tfstate", "region": "us-east-1"}}, '
        "values: {outputs: {NAME: VALUE}}}"
    )


def test_the_state_of_another_configuration_on_this_machine_is_read(
    configuration: Configuration,
) -> None:
    state = {"version": 4, "outputs": {"vpc_id": {"value": "vpc-2", "type": "string"}}}
    configuration.write(json.dumps(state), "../network/terraform.tfstate")
    configuration.write("""
      data "terraform_remote_state" "network" {
        backend  = "local"
        config   = { path = "${path.module}/../network/terraform.tfstate" }
        defaults = { vpc_id = "none", zone = "a" }
      }
      output "all" { value = data.terraform_remote_state.network.outputs }
    """)
    planned = plan(configuration)
    assert planned.output("all") == {"vpc_id": "vpc-2", "zone": "a"}


ONE, TWO = {"name": "vpc-id", "values": ["a"]}, {"name": "vpc-id", "values": ["b", "a"]}


@pytest.mark.parametrize(
    ("match", "config"),
    [
        ({"tags": {"Name": "a"}}, {"tags": {"Name": "a", "team": "b"}}),
        ({"default": True}, {"default": True}),
        ({"names": ["a", "b"]}, {"names": ["b", "a"]}),
        ({"filter": {"vpc-id": ["a", "b"]}}, {"filter": [TWO]}),
        ({"filter": {"vpc-id": "a"}}, {"filter": [ONE]}),
        ({"filter": [ONE]}, {"filter": [TWO, ONE]}),
    ],
)
def test_an_answer_fits_where_all_that_is_named_is_so(
    match: dict[str, Any], config: dict[str, Any]
) -> None:
    assert Answer("aws_vpc", match).fits(config)


@pytest.mark.parametrize(
    ("match", "config"),
    [
        ({"tags": {"Name": "a", "team": "b"}}, {"tags": {"Name": "a"}}),
        ({"tags": {}}, {"tags": None}),
        ({"id": "a"}, {}),
        ({"default": True}, {"default": 1}),
        ({"names": ["a"]}, {"names": ["b", "a"]}),
        ({"filter": {"vpc-id": "a"}}, {"filter": [TWO]}),
        ({"filter": {"vpc-id": "a"}}, {"filter": []}),
        ({"filter": [ONE]}, {"filter": [TWO]}),
    ],
)
def test_an_answer_does_not_fit_where_one_thing_differs(
    match: dict[str, Any], config: dict[str, Any]
) -> None:
    assert not Answer("aws_vpc", match).fits(config)


COLOR = ["object", {"color": "number"}]


@pytest.mark.parametrize(
    ("value", "kind", "told"),
    [
        (None, "string", ""),
        ({"a": [1]}, "dynamic", ""),
        (["a", 1], ["set", "string"], "in 1, takes a text; write it in quotes"),
        ("a", ["list", "string"], "takes a list"),
        ([], ["map", "string"], "takes a map"),
        ({"x": False}, ["map", "string"], "in x, takes a text; write it in quotes"),
        ({"colour": 1}, COLOR, "has no colour; did you mean 'color'?"),
        ([{"color": "1"}], ["list", COLOR], "in 0, in color, takes a number"),
        (True, "number", "takes a number"),
        (1.5, "number", ""),
        (1, "bool", "takes true or false"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_told(value: Any, kind: Any, told: str) -> None:
    assert misfit(value, kind) == told


def test_a_stand_in_is_told_from_an_answer_that_looks_alike() -> None:
    known = Known()
    known.remember_stand_in("aws_vpc", {"id": "a", "filter": [{"name": "x", "values": ["2", "1"]}]})
    printed = {"id": "a", "filter": [{"name": "x", "values": ["1", "2"]}], "tags": {}}
    assert known.stand_in("aws_vpc", printed) is not None
    assert known.stand_in("aws_subnet", printed) is None
    assert known.stand_in("aws_vpc", {**printed, "filter": []}) is None
    assert known.stand_in("aws_vpc", {**printed, "tags": {"Name": "a"}}) is None


def test_mentions_are_found_wherever_they_stand() -> None:
    text = """
      a = data.aws_vpc.main.id
      b = [for each in data.aws_subnet.all : each.id]
      c = data.aws_subnet.each[each.key].id
      d = data.aws_subnet.each["a"].tags["b"]
      e = data.aws_subnet.splat[*].arn
      f = data.aws_subnet.old.*.arn
      g = data.aws_subnet.deep[local.keys[0]].arn
      h = "${data.aws_vpc.main.arn}"
    """
    assert mentions([text]) == {
        ("aws_vpc", "main"): {"id", "arn"},
        ("aws_subnet", "all"): {WHOLE},
        ("aws_subnet", "each"): {"id", "tags"},
        ("aws_subnet", "splat"): {"arn"},
        ("aws_subnet", "old"): {"arn"},
        ("aws_subnet", "deep"): {WHOLE},
    }
