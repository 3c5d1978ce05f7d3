"""What a task in a subnet without a way out can still reach, by VPC endpoints."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policyscan.plan import Taken, Template
from policyscan.rule import Verdict
from policyscan.rule.endpoints import Gap, ServiceName, service_name
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1"
VPC = made("aws_vpc.v", id=Refs())
SUBNET = made("aws_subnet.s", vpc_id=Refs("aws_vpc.v.id"))
TABLE = made("aws_route_table.t", vpc_id=Refs("aws_vpc.v.id"), route=[])
ASSOCIATION = made(
    "aws_route_table_association.a",
    subnet_id=Refs("aws_subnet.s.id"),
    route_table_id=Refs("aws_route_table.t.id"),
)


def interface(service: Any, vpc: str = "aws_vpc.v.id", **more: Any) -> Made:
    name = "x" if isinstance(service, Refs) else service.replace(".", "_")
    return made(
        f"aws_vpc_endpoint.{name}",
        vpc_id=Refs(vpc),
        service_name=service if isinstance(service, Refs) else f"com.amazonaws.us-east-1.{service}",
        vpc_endpoint_type="Interface",
        **({"private_dns_enabled": True} | more),
    )


def gateway(table: str = "aws_route_table.t.id", **more: Any) -> Made:
    return made(
        "aws_vpc_endpoint.s3",
        vpc_id=Refs("aws_vpc.v.id"),
        service_name="com.amazonaws.us-east-1.s3",
        vpc_endpoint_type="Gateway",
        **({"route_table_ids": [Refs(table)]} | more),
    )


PULL = (interface("ecr.api"), interface("ecr.dkr"), gateway())


def gaps(*entries: Made, definitions: Any = None, **service: Any) -> Gap:
    containers = definitions or [{"name": "app", "image": IMAGE}]
    text = containers if isinstance(containers, Refs | Template) else json.dumps(containers)
    platform = platform_of(
        *(VPC, SUBNET, TABLE, ASSOCIATION),
        made("aws_ecs_task_definition.t", arn=Refs(), container_definitions=text),
        made(
            "aws_ecs_service.app",
            name="app",
            task_definition=Refs("aws_ecs_task_definition.t.arn"),
            network_configuration=[{"subnets": [Refs("aws_subnet.s.id")]}],
            **service,
        ),
        *entries,
    )
    [app] = platform.services
    [subnet] = platform.placement(app).subnets
    return platform.endpoint_gaps(app, subnet)


def test_endpoints_for_registry_and_layers_are_enough_for_a_pull() -> None:
    assert gaps(*PULL) == Gap(Verdict.PASS, "out by VPC endpoints")


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_endpoint_is_named(missing: int) -> None:
    found = gaps(*(each for index, each in enumerate(PULL) if index != missing))
    name = ("ecr.api", "ecr.dkr", "s3")[missing]
    assert found == Gap(Verdict.FAIL, f"no VPC endpoint for {name}", (name,))


@pytest.mark.parametrize(
    ("containers", "service", "needed"),
    [
        ({"logConfiguration": {"logDriver": "awslogs"}}, {}, "logs"),
        ({"secrets": [{"valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/x"}]}, {}, "ssm"),
        ({"secrets": [{"valueFrom": "/shop/token"}]}, {}, "ssm"),
        (
            {"secrets": [{"valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"}]},
            {},
            "secretsmanager",
        ),
        ({}, {"enable_execute_command": True}, "ssmmessages"),
    ],
)
def test_logs_secrets_and_execute_command_need_endpoints_of_their_own(
    containers: dict[str, Any], service: dict[str, Any], needed: str
) -> None:
    definitions = [{"name": "app", "image": IMAGE, **containers}]
    without = gaps(*PULL, definitions=definitions, **service)
    assert without == Gap(Verdict.FAIL, f"no VPC endpoint for {needed}", (needed,))
    found = gaps(*PULL, interface(needed), definitions=definitions, **service)
    assert found.verdict is Verdict.PASS


def test_another_log_driver_and_a_secret_of_nothing_need_none() -> None:
    containers = [
        {"name": "a", "image": IMAGE, "logConfiguration": {"logDriver": "awsfirelens"}},
        {"name": "b", "image": IMAGE, "secrets": []},
    ]
    assert gaps(*PULL, definitions=containers).verdict is Verdict.PASS


def test_a_public_image_is_beyond_every_endpoint() -> None:
    found = gaps(*PULL, definitions=[{"name": "app", "image": "public.ecr.aws/nginx/nginx:1"}])
    assert found.verdict is Verdict.FAIL
    assert "public.ecr.aws" in found.message


OTHER_TABLE = made("aws_route_table.other", vpc_id=Refs("aws_vpc.v.id"), route=[])


@pytest.mark.parametrize(
    ("s3", "verdict"),
    [
        ((gateway("aws_route_table.other.id"),), Verdict.FAIL),
        (
            (
                gateway(route_table_ids=[]),
                made(
                    "aws_vpc_endpoint_route_table_association.j",
                    vpc_endpoint_id=Refs("aws_vpc_endpoint.s3.id"),
                    route_table_id=Refs("aws_route_table.t.id"),
                ),
            ),
            Verdict.PASS,
        ),
        ((interface("s3"),), Verdict.PASS),
        # Without private DNS the public name of S3 does not lead to the endpoint.
        ((interface("s3", private_dns_enabled=False),), Verdict.FAIL),
    ],
)
def test_layers_come_by_a_gateway_on_the_subnets_table_or_by_private_dns(
    s3: tuple[Made, ...], verdict: Verdict
) -> None:
    assert gaps(*PULL[:2], OTHER_TABLE, *s3).verdict is verdict


def test_an_endpoint_of_another_vpc_does_not_help() -> None:
    other = made("aws_vpc.other", id=Refs())
    found = gaps(other, interface("ecr.api", "aws_vpc.other.id"), *PULL[1:])
    assert found == Gap(Verdict.FAIL, "no VPC endpoint for ecr.api", ("ecr.api",))


def test_an_endpoint_nobody_can_follow_may_be_the_missing_one() -> None:
    found = gaps(interface(Refs("local.service")), *PULL[1:])
    assert found.verdict is Verdict.UNKNOWN
    assert gaps(interface(Refs("local.service")), *PULL).verdict is Verdict.PASS


def test_definitions_that_are_not_known_may_run_a_public_image() -> None:
    found = gaps(*PULL, definitions=Refs("local.containers"))
    assert found.verdict is Verdict.UNKNOWN
    repository = made("aws_ecr_repository.r", repository_url=Refs())
    url = Refs("aws_ecr_repository.r.repository_url")
    assert gaps(*PULL, repository, definitions=url).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("image", "name", "is_needed"),
    [
        (IMAGE, "ecr.dkr", True),
        (IMAGE, "ssm", False),
        ("public.ecr.aws/nginx/nginx:1", "ecr.dkr", False),
        (None, "ecr.dkr", True),
        (None, "ssm", None),
    ],
)
def test_a_task_needs_what_it_calls_to_start(
    image: str | None, name: str, *, is_needed: bool | None
) -> None:
    containers = json.dumps([{"name": "app", "image": image}]) if image else Refs("local.c")
    platform = platform_of(
        made("aws_ecs_task_definition.t", arn=Refs(), container_definitions=containers),
        made(
            "aws_ecs_service.app", name="app", task_definition=Refs("aws_ecs_task_definition.t.arn")
        ),
    )
    [app] = platform.services
    assert platform.endpoints.is_needed(name, app) is is_needed


ALLOWED = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
LAYERS = "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"


@pytest.mark.parametrize(
    ("service", "statement", "refused"),
    [
        ("s3", {}, ""),
        ("s3", {"Action": "s3:GetObject", "Resource": LAYERS}, ""),
        ("s3", {"Action": "s3:PutObject"}, f"s3:GetObject on {LAYERS}"),
        ("s3", {"Resource": "arn:aws:s3:::other/*"}, f"s3:GetObject on {LAYERS}"),
        ("s3", {"Effect": "Deny"}, f"s3:GetObject on {LAYERS}"),
        ("ecr.api", {"Action": "ecr:Batch*"}, "ecr:GetAuthorizationToken on *"),
        (
            "ecr.dkr",
            {"Action": "ecr:Batch*"},
            "ecr:GetDownloadUrlForLayer on arn:*:ecr:*:*:repository/*",
        ),
        ("logs", {"Action": "s3:*"}, ""),
    ],
)
@pytest.mark.parametrize("is_apart", [True, False])
def test_a_policy_refuses_what_no_statement_allows(
    service: str, statement: dict[str, str], refused: str, *, is_apart: bool
) -> None:
    policy = {"policy": json.dumps({"Statement": [ALLOWED | statement]})}
    entries = [interface(service, id=Refs(), **({} if is_apart else policy))]
    name = f"aws_vpc_endpoint.{service.replace('.', '_')}"
    if is_apart:
        entries.append(
            made("aws_vpc_endpoint_policy.p", vpc_endpoint_id=Refs(f"{name}.id"), **policy)
        )
    platform = platform_of(VPC, *entries)
    endpoint = platform.graph.of_type("aws_vpc_endpoint")[0]
    assert platform.endpoint_policies.refused(endpoint, service, "us-east-1") == refused


def test_an_endpoint_without_a_policy_refuses_nothing() -> None:
    platform = platform_of(VPC, interface("ecr.api"))
    endpoint = platform.graph.of_type("aws_vpc_endpoint")[0]
    assert platform.endpoint_policies.refused(endpoint, "ecr.api", "us-east-1") == ""


PUSHED = Taken("aws_ecr_repository.r", "repository_url")
PET = Taken("random_pet.p", "id")
MADE = (
    made("aws_ecr_repository.r", name="shop", repository_url=Refs()),
    made("aws_ssm_parameter.p", name="/a", arn=Refs()),
    made("random_pet.p", id=Refs()),
)


@pytest.mark.parametrize(
    ("parts", "verdict", "said"),
    [
        (("quay.io/", PET), Verdict.FAIL, "no VPC endpoint reaches quay.io"),
        ((PUSHED, ":1"), Verdict.PASS, "out by VPC endpoints"),
        (
            (
                PUSHED,
                '", "secrets": [{"valueFrom": "',
                Taken("aws_ssm_parameter.p", "arn"),
                '"}], "x": "',
            ),
            Verdict.FAIL,
            "no VPC endpoint for ssm",
        ),
    ],
)
def test_a_replay_tells_what_a_task_needs(
    parts: tuple[str | Taken, ...], verdict: Verdict, said: str
) -> None:
    text = Template(('[{"name": "app", "image": "', *parts, '"}]'))
    found = gaps(*PULL, *MADE, definitions=text)
    assert found.verdict is verdict
    assert said in found.message


def test_an_endpoint_that_goes_does_not_help() -> None:
    entries = (
        standing("aws_vpc.v", id="vpc-0123456789abcdef0"),
        standing(
            "aws_vpc_endpoint.old",
            "delete",
            vpc_id="vpc-0123456789abcdef0",
            service_name="com.amazonaws.us-east-1.logs",
            vpc_endpoint_type="Interface",
        ),
        standing(
            "aws_vpc_endpoint.new",
            vpc_id="vpc-0123456789abcdef0",
            service_name="com.amazonaws.us-east-1.s3",
            vpc_endpoint_type="Interface",
        ),
        standing(
            "aws_vpc_endpoint.gateway",
            vpc_id="vpc-0123456789abcdef0",
            service_name="com.amazonaws.us-east-1.dynamodb",
            vpc_endpoint_type="Gateway",
        ),
        made(
            "aws_vpc_endpoint.loose",
            vpc_id=Refs("aws_vpc.v.id"),
            service_name=Refs("local.service"),
            vpc_endpoint_type="Interface",
        ),
        made(
            "aws_vpc_endpoint.other",
            vpc_id=Refs("aws_vpc.v.id"),
            service_name=Refs("local.service"),
            vpc_endpoint_type="Gateway",
        ),
    )
    found = platform_of(*entries).endpoints.interfaces_in("aws_vpc.v")
    assert [each.name for each in found] == ["new", "loose"]


def test_a_gateway_serves_the_main_table_of_a_new_vpc() -> None:
    platform = platform_of(VPC, SUBNET, gateway("aws_vpc.v.main_route_table_id"))
    endpoint = resource_of(platform, "aws_vpc_endpoint.s3")
    egress = platform.network.egress(resource_of(platform, "aws_subnet.s"))
    assert platform.endpoints.tables_of(endpoint) == set(egress.tables) == {"aws_vpc.v"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("com.amazonaws.us-east-1.ecr.api", ServiceName("us-east-1", "ecr.api")),
        ("com.amazonaws.us-gov-west-1.s3", ServiceName("us-gov-west-1", "s3")),
        ("cn.com.amazonaws.cn-north-1.ecr.dkr", ServiceName("cn-north-1", "ecr.dkr")),
        ("com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0", None),
        ("nonsense", None),
    ],
)
def test_the_name_of_an_aws_service_tells_its_region(
    name: str, expected: ServiceName | None
) -> None:
    platform = platform_of(
        VPC, made("aws_vpc_endpoint.x", vpc_id=Refs("aws_vpc.v.id"), service_name=name)
    )
    assert service_name(resource_of(platform, "aws_vpc_endpoint.x")) == expected


def test_what_joins_an_endpoint_to_something_does_not_count_when_it_goes() -> None:
    join = "aws_vpc_endpoint_route_table_association"
    ends = {
        "vpc_endpoint_id": Refs("aws_vpc_endpoint.s3.id"),
        "route_table_id": Refs("aws_route_table.t.id"),
    }
    for entry, tables in (
        (made(f"{join}.j", **ends), {"aws_route_table.t"}),
        (standing(f"{join}.j", "delete", **ends), set()),
    ):
        platform = platform_of(VPC, TABLE, gateway(route_table_ids=[]), entry)
        endpoint = resource_of(platform, "aws_vpc_endpoint.s3")
        assert platform.endpoints.tables_of(endpoint) == tables
        assert platform.endpoints.is_joined(endpoint, "route_table_ids") is bool(tables)
