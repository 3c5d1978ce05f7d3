"""What a task asks for before it starts: logs, secrets, and the calls its role must allow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policyscan.plan import DERIVED, Taken, Template
from policyscan.rule import SENSITIVE, Platform, keys_of
from policyscan.rule.settings import called, mapping_in, mappings_in
from policyscan.source import read_source
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
        f"{TASK}.container_definitions is known only after apply; give --source-dir",
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


# -- what a replay or the source tells -----------------------------------------------------------

PET = Taken("random_pet.p", "id")
BOX_ARN = Taken("aws_secretsmanager_secret.s", "arn")
NAMED = made("random_pet.p", id=Refs())
GROUP = made("aws_cloudwatch_log_group.g", name=Refs(), arn=Refs())
GROUP_NAME = Taken("aws_cloudwatch_log_group.g", "name")


def completed(before: str, parts: tuple[str | Taken, ...], after: str) -> Made:
    """A task definition of one container that a replay tells, with these parts in the middle."""
    start = f'[{{"name": "app", "image": "nginx:1", {before}'
    return made(TASK, container_definitions=Template((start, *parts, f"{after}}}]")))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((BOX_ARN,), ("secretsmanager", "aws_secretsmanager_secret.s", "")),
        ((BOX_ARN, ":password::"), ("secretsmanager", "aws_secretsmanager_secret.s", "password")),
        ((Taken("aws_ssm_parameter.p", "arn"),), ("ssm", "aws_ssm_parameter.p", "")),
        (
            (Taken("aws_db_instance.d", "master_user_secret[0].secret_arn"),),
            ("secretsmanager", "aws_db_instance.d", ""),
        ),
        ((Taken("aws_db_instance.d", "arn"),), ("", "", "")),
        ((Taken("aws_secretsmanager_secret.gone", "arn"),), ("", "", "")),
        ((PET,), ("", "", "")),
        (("arn:", PET), ("", "", "")),
    ],
)
def test_a_replay_tells_which_secret_it_will_be(
    parts: tuple[str | Taken, ...], expected: tuple[str, str, str]
) -> None:
    platform = platform_of(
        BOX,
        NAMED,
        made("aws_ssm_parameter.p", name="/a", arn=Refs()),
        made("aws_db_instance.d", identifier="d", arn=Refs()),
        completed('"secrets": [{"name": "A", "valueFrom": "', parts, '"}]'),
    )
    (source,) = platform.secrets.of(resource_of(platform, TASK))
    address = source.target.address if source.target else ""
    assert (source.service, address, source.key) == expected
    assert (source.name, source.container) == ("A", "app")


def test_a_secret_that_is_worked_out_of_another_is_none_of_the_plans() -> None:
    definitions = completed('"secrets": [{"name": "A", "valueFrom": "', (DERIVED,), '"}]')
    assert platform_of(definitions).tasks != ()
    platform = platform_of(definitions)
    assert platform.secrets.of(resource_of(platform, TASK)) == ()


def test_a_parameter_is_not_a_secret_of_that_name() -> None:
    platform = platform_of(
        standing("aws_secretsmanager_secret.s", name="/a/b", arn=SECRET),
        standing("aws_ssm_parameter.p", name="/a/b", arn="arn:aws:ssm:::parameter/a/b"),
        task(secrets=[{"name": "A", "valueFrom": "/a/b"}, {"name": "B", "valueFrom": "/c"}]),
    )
    found, other = platform.secrets.of(resource_of(platform, TASK))
    assert found.target is not None
    assert found.target.address == "aws_ssm_parameter.p"
    assert other.target is None


def test_versions_that_go_and_those_of_other_secrets_give_no_value() -> None:
    platform = platform_of(
        standing("aws_secretsmanager_secret.s", name="db", arn=SECRET, id=SECRET),
        standing(
            "aws_secretsmanager_secret_version.old",
            "delete",
            secret_id=SECRET,
            secret_string=PRIVATE,
        ),
        standing(
            "aws_secretsmanager_secret_version.other", secret_id=f"{SECRET}2", secret_string=PRIVATE
        ),
    )
    values = platform.secrets.values(resource_of(platform, "aws_secretsmanager_secret.s"))
    assert (values.versions, values.why) == ((), "")


def test_a_replay_tells_the_keys_of_a_secret() -> None:
    platform = platform_of(
        NAMED,
        version("told", secret_string=Template(('{"user": "', PET, '"}'))),
        version("derived", secret_string=Template(('{"user": "', DERIVED, '"}'))),
    )
    told = resource_of(platform, "aws_secretsmanager_secret_version.told")
    derived = resource_of(platform, "aws_secretsmanager_secret_version.derived")
    assert keys_of(told) == frozenset({"user"})
    assert keys_of(derived) is None


LOGS = '"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "'


@pytest.mark.parametrize(
    ("parts", "group", "why"),
    [
        ((GROUP_NAME,), "aws_cloudwatch_log_group.g", ""),
        ((PET, "-", GROUP_NAME), "aws_cloudwatch_log_group.g", ""),
        ((PET,), "", "the name of its log group is known only after apply"),
        (
            (GROUP_NAME, "-", Taken("aws_cloudwatch_log_group.other", "name")),
            "",
            "the name of its log group is known only after apply",
        ),
    ],
)
def test_a_replay_tells_which_log_group_it_will_be(
    parts: tuple[str | Taken, ...], group: str, why: str
) -> None:
    other = made("aws_cloudwatch_log_group.other", name=Refs())
    platform = platform_of(GROUP, other, NAMED, completed(LOGS, parts, '"}}'))
    found = platform.logs.group(logging_of(platform))
    assert (found.resource.address if found.resource else "", found.why) == (group, why)


def written(folder: Path, settings: str) -> Platform:
    """A task whose image is known only after apply, with source that tells these settings."""
    (folder / "main.tf").write_text(
        f'resource "aws_ecs_task_definition" "t" {{\n  container_definitions = jsonencode([{{\n'
        f'    name = "app"\n    image = "${{aws_ecr_repository.r.repository_url}}:1"\n'
        f"    {settings}\n  }}])\n}}\n"
    )
    names = ["aws_ecr_repository.r.repository_url"]
    names += [name for name in (f"{BOX_ADDRESS}.arn", f"{GROUP_ADDRESS}.name") if name in settings]
    names += ["random_pet.p.id"] if "random_pet.p.id" in settings else []
    return platform_of(
        made("aws_ecr_repository.r", name="shop", repository_url=Refs()),
        BOX,
        NAMED,
        GROUP,
        made(TASK, container_definitions=Refs(*names)),
        source=read_source(folder),
    )


BOX_ADDRESS = "aws_secretsmanager_secret.s"
GROUP_ADDRESS = "aws_cloudwatch_log_group.g"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{BOX_ADDRESS}.arn", ("secretsmanager", "", BOX_ADDRESS)),
        (f'"{SECRET}"', ("secretsmanager", SECRET, "")),
        ('"/a/b"', ("ssm", "/a/b", "")),
        ("random_pet.p.id", ("", "", "")),
    ],
)
def test_the_source_tells_which_secret_it_will_be(
    tmp_path: Path, value: str, expected: tuple[str, str, str]
) -> None:
    platform = written(tmp_path, f'secrets = [{{ name = "A", valueFrom = {value} }}]')
    (source,) = platform.secrets.of(resource_of(platform, TASK))
    address = source.target.address if source.target else ""
    assert (source.service, source.arn, address) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ('"awslogs-group" = "/ecs/app"', ("/ecs/app", "", "")),
        (
            '"awslogs-group" = "/ecs/app", "awslogs-create-group" = "TRUE"',
            ("/ecs/app", "", "true"),
        ),
        (
            f'"awslogs-group" = {GROUP_ADDRESS}.name',
            (f"${{{GROUP_ADDRESS}.name}}", GROUP_ADDRESS, ""),
        ),
        (
            '"awslogs-group" = "/ecs/app", "awslogs-create-group" = random_pet.p.id',
            ("/ecs/app", "", ""),
        ),
    ],
)
def test_the_source_tells_how_a_container_logs(
    tmp_path: Path, options: str, expected: tuple[str, str, str]
) -> None:
    configuration = f'logConfiguration = {{ logDriver = "awslogs", options = {{ {options} }} }}'
    platform = written(tmp_path, configuration)
    found = logging_of(platform)
    address = found.group.address if found.group else ""
    shown = found.option("awslogs-group"), address, found.option("awslogs-create-group")
    assert shown == expected
    assert not found.is_whole


def test_a_log_group_that_only_apply_tells_is_not_told_by_the_source(tmp_path: Path) -> None:
    options = '"awslogs-group" = random_pet.p.id'
    configuration = f'logConfiguration = {{ logDriver = "awslogs", options = {{ {options} }} }}'
    platform = written(tmp_path, configuration)
    assert platform.logs.of(resource_of(platform, TASK)) is None


# -- what a task calls, where not all is told ----------------------------------------------------


def test_definitions_that_are_none_ask_for_nothing_and_say_why() -> None:
    platform = platform_of(made(TASK, container_definitions="no"))
    assert asked(platform) == []
    assert doubts(platform) == (
        f"{TASK}: container_definitions is not JSON: write one with jsonencode",
    )


def test_a_log_group_that_is_not_named_yet_may_be_any() -> None:
    platform = platform_of(NAMED, completed(LOGS, (PET,), '"}}'))
    streams = "arn:*:logs:*:*:log-group:*:log-stream:*"
    assert asked(platform) == [("logs:CreateLogStream", streams), ("logs:PutLogEvents", streams)]


def test_the_arn_of_a_log_group_of_the_plan_is_taken_from_it() -> None:
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/app"
    logging = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/app"}}
    group = standing("aws_cloudwatch_log_group.g", name="/ecs/app", arn=arn)
    platform = platform_of(task(logConfiguration=logging), group)
    assert {wanted for _, wanted in asked(platform)} == {f"{arn}:log-stream:*"}


def test_a_secret_of_nobody_known_is_a_doubt_and_no_call() -> None:
    definitions = completed('"secrets": [{"name": "A", "valueFrom": "', (PET,), '"}]')
    platform = platform_of(NAMED, definitions)
    assert asked(platform) == []
    assert doubts(platform) == ("where the secret A comes from",)


def image_of(*parts: str | Taken) -> Made:
    text = Template(('[{"name": "app", "image": "', *parts, '"}]'))
    return made(TASK, container_definitions=text)


def test_an_image_of_nobody_known_is_a_doubt_and_no_call() -> None:
    platform = platform_of(NAMED, image_of(PET, ":1"))
    assert asked(platform) == []
    (doubt,) = doubts(platform)
    assert doubt.startswith("where an image comes from is not in the plan: it is ")


def test_an_image_that_is_looked_up_may_be_in_any_repository() -> None:
    lookup = made("data.aws_ecr_image.i", repository_name="shop", image_uri=Refs())
    platform = platform_of(lookup, image_of(Taken("data.aws_ecr_image.i", "image_uri")))
    assert asked(platform)[1:] == [
        ("ecr:GetDownloadUrlForLayer", "arn:*:ecr:*:*:repository/*"),
        ("ecr:BatchGetImage", "arn:*:ecr:*:*:repository/*"),
    ]


def test_an_environment_file_of_nobody_known_may_be_any() -> None:
    platform = platform_of(task(environmentFiles=[{"type": "s3"}]))
    assert asked(platform)[0] == ("s3:GetObject", "arn:*")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", ()),
        (f'secrets = [{{ name = "A", valueFrom = {BOX_ADDRESS}.arn }}]', ()),
        ('logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "/a" } }', ()),
        ('logConfiguration = { logDriver = "splunk" }', ("logDriver",)),
    ],
)
def test_what_the_source_has_and_does_not_tell_is_a_doubt(
    tmp_path: Path, settings: str, expected: tuple[str, ...]
) -> None:
    platform = written(tmp_path, settings)
    assert len(doubts(platform)) == len(expected)
