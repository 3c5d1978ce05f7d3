"""What a task asks for before it starts: logs, secrets, and the calls its role must allow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policyscan.rule import SENSITIVE, Platform, keys_of
from policyscan.rule.settings import called, mapping_in, mappings_in
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

TASK = "aws_ecs_task_definition.t"
PRIVATE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"  # noqa: S105 - a name


def task(**settings: Any) -> Made:
    container = {"name": "app", "image": "nginx:1", **settings}
    return made(TASK, container_definitions=json.dumps([container]))


def asked(platform: Platform) -> list[tuple[str, str]]:
    found = platform.needs.of(resource_of(platform, TASK))
    return [(need.action, need.wanted.arn) for need in found.needs]


def doubts(platform: Platform) -> tuple[str, ...]:
    return platform.needs.of(resource_of(platform, TASK)).unresolved


def test_a_public_image_without_more_asks_for_nothing() -> None:
    platform = platform_of(task())
    assert asked(platform) == []
    assert doubts(platform) == ()


def test_a_private_image_is_signed_in_for_and_pulled() -> None:
    assert asked(platform_of(task(image=PRIVATE))) == [
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:GetDownloadUrlForLayer", "arn:*:ecr:us-east-1:123456789012:repository/shop"),
        ("ecr:BatchGetImage", "arn:*:ecr:us-east-1:123456789012:repository/shop"),
    ]


def test_logs_are_written_into_streams_of_the_group() -> None:
    options = {"awslogs-group": "/ecs/app"}
    logging = {"logDriver": "awslogs", "options": options}
    streams = "arn:*:logs:*:*:log-group:/ecs/app:log-stream:*"
    calls = [("logs:CreateLogStream", streams), ("logs:PutLogEvents", streams)]
    assert asked(platform_of(task(logConfiguration=logging))) == calls
    create = {"logDriver": "awslogs", "options": options | {"awslogs-create-group": "true"}}
    assert asked(platform_of(task(logConfiguration=create))) == [
        *calls,
        ("logs:CreateLogGroup", "arn:*:logs:*:*:log-group:/ecs/app*"),
    ]
    splunk = {"logDriver": "splunk", "options": options}
    assert asked(platform_of(task(logConfiguration=splunk))) == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"secrets": [{"name": "A", "valueFrom": f"{SECRET}:password::"}]},
            ("secretsmanager:GetSecretValue", f"{SECRET}*"),
        ),
        (
            {"repositoryCredentials": {"credentialsParameter": SECRET}},
            ("secretsmanager:GetSecretValue", f"{SECRET}*"),
        ),
        (
            {"logConfiguration": {"secretOptions": [{"name": "A", "valueFrom": "/a/b"}]}},
            ("ssm:GetParameters", "arn:*:ssm:*:*:parameter/a/b"),
        ),
        (
            {"secrets": [{"name": "A", "valueFrom": "arn:aws:ssm:::parameter/a"}]},
            ("ssm:GetParameters", "arn:aws:ssm:::parameter/a"),
        ),
    ],
)
def test_a_secret_is_read_where_it_is_kept(
    settings: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert asked(platform_of(task(**settings))) == [expected]


def test_a_customers_key_has_to_be_used_for_its_secrets() -> None:
    platform = platform_of(
        standing("aws_secretsmanager_secret.s", name="db", arn=SECRET, kms_key_id="arn:aws:kms:k"),
        standing("aws_kms_key.k", arn="arn:aws:kms:k", key_id="k", id="k"),
        task(secrets=[{"name": "A", "valueFrom": SECRET}]),
    )
    assert asked(platform) == [
        ("secretsmanager:GetSecretValue", SECRET),
        ("kms:Decrypt", "arn:aws:kms:k"),
    ]


def test_environment_files_are_fetched_from_their_bucket() -> None:
    files = [{"type": "s3", "value": "arn:aws:s3:::shop/app.env"}]
    assert asked(platform_of(task(environmentFiles=files))) == [
        ("s3:GetObject", "arn:aws:s3:::shop/app.env"),
        ("s3:GetBucketLocation", "arn:aws:s3:::shop"),
    ]


def test_settings_of_any_shape_ask_for_nothing() -> None:
    oddities: tuple[Any, ...] = ("text", 5, [1], {"a": []}, None)
    for odd in oddities:
        names = ("secrets", "logConfiguration", "repositoryCredentials", "environmentFiles")
        assert asked(platform_of(task(**dict.fromkeys(names, odd)))) == []
    assert mapping_in({"a": [1]}, "a") == {}
    assert mappings_in({"a": [1, {"b": 2}]}, "a") == ({"b": 2},)
    assert called("") == "a container"


def test_containers_known_after_apply_leave_it_open_without_source() -> None:
    loose = made("terraform_data.x", output=Refs())
    platform = platform_of(loose, made(TASK, container_definitions=Refs("terraform_data.x.output")))
    assert doubts(platform) == (
        f"{TASK}.container_definitions is known only after apply: give --source-dir",
    )
    assert platform.logs.of(resource_of(platform, TASK)) is None


# -- log groups ----------------------------------------------------------------------------------


def logging_of(platform: Platform) -> Any:
    found = platform.logs.of(resource_of(platform, TASK))
    assert found is not None
    return found[0]


def test_a_log_group_is_found_by_its_name() -> None:
    logging = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/app"}}
    group = made("aws_cloudwatch_log_group.g", name="/ecs/app")
    other = made("aws_cloudwatch_log_group.o", name="/ecs/other")
    platform = platform_of(task(logConfiguration=logging), group, other)
    found = platform.logs.group(logging_of(platform))
    assert found.resource == resource_of(platform, "aws_cloudwatch_log_group.g")
    assert found.is_named


def test_a_log_group_without_a_name_yet_may_be_any() -> None:
    logging = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/app"}}
    loose = made("terraform_data.x", output=Refs())
    group = made("aws_cloudwatch_log_group.g", name=Refs("terraform_data.x.output"))
    platform = platform_of(task(logConfiguration=logging), loose, group)
    found = platform.logs.group(logging_of(platform))
    assert (found.resource, found.is_named) == (None, False)
    assert found.why == "whether aws_cloudwatch_log_group.g will be called /ecs/app is open"


def test_no_log_configuration_is_no_driver() -> None:
    assert logging_of(platform_of(task())).driver == ""
    assert logging_of(platform_of(task(logConfiguration="x"))).driver == ""


# -- secrets -------------------------------------------------------------------------------------

BOX = made("aws_secretsmanager_secret.s", name="db", arn=Refs(), id=Refs())
ID = Refs("aws_secretsmanager_secret.s.id")


def version(name: str, secret: Any = ID, **more: Any) -> Made:
    return made(f"aws_secretsmanager_secret_version.{name}", secret_id=secret, **more)


def test_only_a_version_with_a_value_is_one() -> None:
    platform = platform_of(
        BOX,
        version("full", secret_string=PRIVATE),
        version("unknown", secret_string=Refs("terraform_data.x.output")),
        version("empty"),
        made("terraform_data.x", output=Refs()),
        made("aws_secretsmanager_secret_rotation.r", secret_id=ID),
    )
    values = platform.secrets.values(resource_of(platform, "aws_secretsmanager_secret.s"))
    assert [each.name for each in values.versions] == ["full", "unknown"]
    assert [each.name for each in values.rotations] == ["r"]
    assert values.why == ""


def test_a_version_of_nobody_known_may_be_this_secrets() -> None:
    platform = platform_of(
        BOX,
        version("loose", Refs("terraform_data.x.output"), secret_string=PRIVATE),
        made("terraform_data.x", output=Refs()),
    )
    values = platform.secrets.values(resource_of(platform, "aws_secretsmanager_secret.s"))
    assert values.versions == ()
    assert values.why == (
        "which secret aws_secretsmanager_secret_version.loose belongs to is not in the plan"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1, "b": 2}', {"a", "b"}),
        ("swordfish", set()),
        ("[1]", set()),
        (Refs("terraform_data.x.output"), None),
    ],
)
def test_the_keys_of_a_secret_are_those_of_its_json(text: Any, expected: set[str] | None) -> None:
    platform = platform_of(
        BOX, version("v", secret_string=text), made("terraform_data.x", output=Refs())
    )
    assert keys_of(resource_of(platform, "aws_secretsmanager_secret_version.v")) == expected


def test_the_key_taken_out_of_a_secret_is_told() -> None:
    keys = {f"{SECRET}:password::": "password", SECRET: "", f"{SECRET}::AWSCURRENT:": ""}
    for text, expected in keys.items():
        platform = platform_of(task(secrets=[{"name": "A", "valueFrom": text}]))
        (source,) = platform.secrets.of(resource_of(platform, TASK))
        assert (source.arn, source.key, source.shown_key) == (SECRET, expected, expected)


def test_a_version_belongs_to_its_secret() -> None:
    platform = platform_of(
        standing("aws_secretsmanager_secret.s", name="db", arn=SECRET, id=SECRET),
        standing("aws_secretsmanager_secret_version.v", secret_id=SECRET, arn=f"{SECRET}1"),
        task(secrets=[{"name": "A", "valueFrom": f"{SECRET}1"}]),
    )
    (source,) = platform.secrets.of(resource_of(platform, TASK))
    assert source.target is not None
    assert source.target.address == "aws_secretsmanager_secret_version.v"
    owner = platform.secrets.owner_of(source)
    assert owner == resource_of(platform, "aws_secretsmanager_secret.s")


def test_what_is_sensitive_is_called_so() -> None:
    entry = task(secrets=[{"name": "A", "valueFrom": f"{SECRET}:key::"}])
    entry.change["change"]["after_sensitive"] = {"container_definitions": True}
    platform = platform_of(entry)
    (source,) = platform.secrets.of(resource_of(platform, TASK))
    assert (source.called, source.shown_key) == (f"the secret {SENSITIVE}", SENSITIVE)
