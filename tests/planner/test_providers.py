"""Providers of which the schema is kept, ephemeral resources, and what is never run or fetched."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from policyscan.planner import make_plan
from policyscan.planner.data_sources import complete
from policyscan.planner.request import Inputs, Request
from policyscan.planner.schema import PROVIDERS, load_schema
from tests.planner.conftest import Planned
from tests.planner.test_schema import document

if TYPE_CHECKING:
    from tests.planner.conftest import Configuration

SOURCES = """
terraform {
  required_providers {
    datadog    = { source = "DataDog/datadog" }
    docker     = { source = "kreuzwerker/docker" }
    github     = { source = "integrations/github" }
    helm       = { source = "hashicorp/helm" }
    kubernetes = { source = "hashicorp/kubernetes" }
  }
}
"""

OTHERS = (
    SOURCES
    + """
provider "helm" {
  kubernetes = { config_path = "~/.kube/config" }
}
provider "datadog" {
  api_key = "x"
  app_key = "y"
}
provider "docker" {
  registry_auth { address = "registry.example" }
}
resource "docker_container" "web" {
  name  = "web"
  image = "nginx:1.27"
  ports {
    internal = 80
    external = 8080
  }
}
resource "kubernetes_deployment_v1" "web" {
  metadata {
    name   = "web"
    labels = { app = "web" }
  }
  spec {
    replicas = 3
    selector { match_labels = { app = "web" } }
    template {
      metadata { labels = { app = "web" } }
      spec {
        container {
          name  = "web"
          image = "nginx:1.27"
        }
      }
    }
  }
}
resource "kubernetes_manifest" "any" {
  manifest = { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "any" } }
}
resource "helm_release" "chart" {
  name   = "chart"
  chart  = "podinfo"
  set    = [{ name = "replicas", value = "2" }]
  values = [yamlencode({ a = 1 })]
}
resource "datadog_monitor" "m" {
  name    = "m"
  type    = "metric alert"
  message = "m"
  query   = "avg(last_5m):avg:system.load.1{*} > 4"
  monitor_thresholds { critical = 4 }
}
resource "github_repository" "r" {
  name       = "r"
  visibility = "private"
}
data "github_user" "u" { username = "someone" }
output "user" { value = data.github_user.u.id }
"""
)


def test_resources_of_other_providers_are_planned_by_their_schema(
    configuration: Configuration,
) -> None:
    configuration.write(OTHERS)
    plan = configuration.plan()
    assert set(map(tuple, plan.actions().values())) == {("create",)}
    assert len(plan.actions()) == 6
    spec = plan.change("kubernetes_deployment_v1.web")["after"]["spec"][0]
    assert spec["template"][0]["spec"][0]["container"][0]["image"] == "nginx:1.27"
    assert plan.change("kubernetes_manifest.any")["after"]["manifest"]["kind"] == "ConfigMap"
    chart = plan.change("helm_release.chart")
    assert chart["after"]["set"] == [{"name": "replicas", "value": "2"}]
    assert chart["after_unknown"]["set"] == [{"type": True}]
    assert plan.outcome.stand_ins == ("data.github_user.u",)


def test_they_stay_as_they_are_after_an_apply(configuration: Configuration) -> None:
    configuration.write(OTHERS)
    actions = configuration.plan(after=[{}]).actions()
    assert set(map(tuple, actions.values())) == {("no-op",)}


def test_the_older_address_of_the_github_provider_will_do(configuration: Configuration) -> None:
    configuration.write('resource "github_team" "t" { name = "t" }')
    assert configuration.plan().actions() == {"github_team.t": ["create"]}


def test_no_program_is_run_and_nothing_is_fetched(configuration: Configuration) -> None:
    left = configuration.folder.parent / "left"
    program = configuration.write(f'#!/bin/sh\ntouch "{left}"\necho "{{}}"\n', "program.sh")
    program.chmod(0o755)
    configuration.write(f"""
      data "external" "e" {{
        program = ["{program}"]
        query   = {{ a = "b" }}
      }}
      data "local_command" "c" {{ command = "{program}" }}
      data "http" "h" {{
        url = "http://127.0.0.1:9/"
        retry {{ attempts = 2 }}
      }}
      output "result" {{ value = data.external.e.result }}
      output "stdout" {{ value = data.local_command.c.stdout }}
      output "body" {{ value = data.http.h.response_body }}
      output "status" {{ value = data.http.h.status_code }}
    """)
    plan = configuration.plan()
    assert not left.exists()
    assert [plan.output(name) for name in ("result", "stdout", "body", "status")] == [
        {},
        "",
        "",
        200,
    ]
    assert plan.outcome.stand_ins == ("data.external.e", "data.http.h", "data.local_command.c")


def test_a_template_that_names_variables_is_rendered(configuration: Configuration) -> None:
    configuration.write("Hello ${ name }, $${shell} %%{ sign }", "hello.tpl")
    configuration.write("""
      data "template_file" "t" {
        template = file("${path.module}/hello.tpl")
        vars     = { name = "you" }
      }
      data "template_file" "more" {
        template = "$${upper(name)}"
        vars     = { name = "you" }
      }
      output "rendered" { value = data.template_file.t.rendered }
      output "id" { value = data.template_file.t.id }
    """)
    plan = configuration.plan()
    text = "Hello you, ${shell} %{ sign }"
    assert plan.output("rendered") == text
    assert plan.output("id") == hashlib.sha256(text.encode()).hexdigest()
    assert plan.outcome.stand_ins == ("data.template_file.more",)


EPHEMERAL = """
ephemeral "random_password" "p" { length = 24 }
resource "aws_secretsmanager_secret" "s" { name = "s" }
resource "aws_secretsmanager_secret_version" "v" {
  secret_id                = aws_secretsmanager_secret.s.id
  secret_string_wo         = ephemeral.random_password.p.result
  secret_string_wo_version = var.revision
}
ephemeral "aws_secretsmanager_secret_version" "other" { secret_id = "other" }
resource "aws_db_instance" "d" {
  instance_class      = "db.t4g.micro"
  password_wo         = ephemeral.aws_secretsmanager_secret_version.other.secret_string
  password_wo_version = 1
}
ephemeral "aws_eks_cluster_auth" "a" { name = "cluster" }
provider "kubernetes" {
  host  = "https://cluster.example"
  token = ephemeral.aws_eks_cluster_auth.a.token
}
resource "kubernetes_namespace_v1" "n" {
  metadata { name = "n" }
}
variable "revision" { default = 1 }
"""


def test_ephemeral_values_go_into_write_only_arguments_and_no_plan_holds_them(
    configuration: Configuration,
) -> None:
    configuration.write(EPHEMERAL)
    plan = configuration.plan()
    assert set(map(tuple, plan.actions().values())) == {("create",)}
    after = plan.change("aws_secretsmanager_secret_version.v")["after"]
    assert (after["secret_string_wo"], after["secret_string_wo_version"]) == (None, 1)
    assert plan.change("aws_db_instance.d")["after"]["password_wo"] is None
    change = configuration.plan({"revision": "2"}, after=[{}])
    assert change.actions() == {
        "aws_db_instance.d": ["no-op"],
        "aws_secretsmanager_secret.s": ["no-op"],
        "aws_secretsmanager_secret_version.v": change.actions()[
            "aws_secretsmanager_secret_version.v"
        ],
        "kubernetes_namespace_v1.n": ["no-op"],
    }
    assert change.actions()["aws_secretsmanager_secret_version.v"] != ["no-op"]


def test_what_only_the_state_holds_is_planned_away(configuration: Configuration) -> None:
    before = configuration.write('resource "random_pet" "gone" {}', "../before/main.tf").parent
    configuration.write('resource "aws_sqs_queue" "q" {}')
    outcome = make_plan(configuration.folder, Request(after=(Inputs(configuration=before),)))
    assert Planned(outcome, json.loads(outcome.plan_json)).actions() == {
        "aws_sqs_queue.q": ["create"],
        "random_pet.gone": ["delete"],
    }


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_every_type_of_a_kept_provider_can_be_loaded(provider: str) -> None:
    (stored,) = document(provider)["provider_schemas"].values()
    groups = ("resource_schemas", "data_source_schemas", "ephemeral_resource_schemas")
    names = frozenset(name for group in groups for name in stored.get(group, ()))
    assert names
    schema = load_schema(provider, names)
    assert schema.address == provider
    loaded = (schema.resources, schema.data_sources, schema.ephemeral_resources)
    assert [len(each) for each in loaded] == [len(stored.get(group, ())) for group in groups]
    for block in schema.data_sources.values():
        assert complete(block, {}, {}).keys() == block.attributes.keys() | block.block_types.keys()


EKS = """
data "aws_eks_cluster" "other" { name = "other" }

resource "aws_iam_role" "main" {
  name               = "main"
  assume_role_policy = "{}"
}

resource "aws_eks_cluster" "main" {
  name     = "main"
  role_arn = aws_iam_role.main.arn
  vpc_config { subnet_ids = ["subnet-1", "subnet-2"] }
}

provider "kubernetes" {
  host                   = aws_eks_cluster.main.endpoint
  cluster_ca_certificate = base64decode(aws_eks_cluster.main.certificate_authority[0].data)
}

provider "kubernetes" {
  alias                  = "other"
  host                   = data.aws_eks_cluster.other.endpoint
  cluster_ca_certificate = base64decode(data.aws_eks_cluster.other.certificate_authority[0].data)
}

resource "aws_iam_openid_connect_provider" "main" {
  client_id_list = ["sts.amazonaws.com"]
  url            = aws_eks_cluster.main.identity[0].oidc[0].issuer
}

resource "kubernetes_namespace" "main" {
  metadata { name = "main" }
}
"""


def test_providers_are_configured_with_what_a_cluster_says_of_itself(
    configuration: Configuration,
) -> None:
    """Be it looked up, and a stand-in, or in this plan, or applied before in simulation."""
    configuration.write(EKS)
    assert configuration.plan().actions()["aws_eks_cluster.main"] == ["create"]
    applied = configuration.plan(after=[{}]).actions()
    assert {action for actions in applied.values() for action in actions} == {"no-op"}
