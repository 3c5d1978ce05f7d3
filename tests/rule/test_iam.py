"""What the policies of a role allow, wherever they are attached."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policyscan.plan import DERIVED, Taken, Template
from policyscan.rule import Answer, Platform
from policyscan.rule.policy import ACCOUNT, OPEN, Document, Wanted
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

ROLE = made("aws_iam_role.r", name="r", arn=Refs(), assume_role_policy="{}")
NAME = Refs("aws_iam_role.r.name")
LOGS = Wanted("arn:*:logs:*:*:log-group:/ecs/app:log-stream:*")
MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


WHOSE = "which role aws_iam_role_policy.p belongs to is not in the plan; give --source-dir"


def document(*actions: str, effect: str = "Allow", resource: Any = "*", **more: Any) -> str:
    statement = {"Effect": effect, "Action": list(actions), "Resource": resource, **more}
    return json.dumps({"Statement": [statement]})


def inline(name: str, policy: Any, role: Any = NAME) -> Made:
    return made(f"aws_iam_role_policy.{name}", name=name, role=role, policy=policy)


def attached(arn: Any, role: Any = NAME) -> Made:
    return made("aws_iam_role_policy_attachment.a", role=role, policy_arn=arn)


def asked(
    platform: Platform, action: str = "logs:PutLogEvents", wanted: Wanted = LOGS
) -> tuple[Answer, str]:
    role = platform.roles.of(resource_of(platform, "aws_iam_role.r"))
    found = platform.roles.may(role, action, wanted)
    return found.answer, found.by.name if found.by else found.why


def test_a_role_without_policies_may_nothing() -> None:
    assert asked(platform_of(ROLE)) == (Answer.NO, "")


def test_a_role_may_what_an_inline_policy_allows() -> None:
    platform = platform_of(ROLE, inline("p", document("logs:*")))
    assert asked(platform) == (Answer.YES, "aws_iam_role_policy.p")
    assert asked(platform, "s3:GetObject")[0] is Answer.NO


def test_a_policy_of_another_role_is_not_this_ones() -> None:
    other = made("aws_iam_role.other", name="other", assume_role_policy="{}")
    elsewhere = inline("p", document("logs:*"), Refs("aws_iam_role.other.name"))
    assert asked(platform_of(ROLE, other, elsewhere))[0] is Answer.NO


def test_a_policy_of_nobody_known_may_be_this_ones() -> None:
    loose = made("terraform_data.x", output=Refs())
    elsewhere = inline("p", document("logs:*"), Refs("terraform_data.x.output"))
    answer, why = asked(platform_of(ROLE, loose, elsewhere))
    assert answer is Answer.UNKNOWN
    assert (
        why == "which role aws_iam_role_policy.p belongs to is not in the plan; give --source-dir"
    )


def test_what_is_denied_is_not_allowed_whoever_allows_it() -> None:
    deny = inline("z", document("logs:Put*", effect="Deny"))
    platform = platform_of(ROLE, inline("p", document("*")), deny)
    assert asked(platform) == (Answer.DENIED, "aws_iam_role_policy.z")
    assert asked(platform, "logs:CreateLogStream")[0] is Answer.YES


@pytest.mark.parametrize(
    ("deny", "expected"),
    [
        (document("*", effect="Deny", Condition={"Bool": {"aws:x": "1"}}), Answer.YES),
        (document("*", effect="Deny", resource="arn:aws:logs:*:*:log-group:/other"), Answer.YES),
        (document("*", effect="Deny", resource="arn:aws:logs:*:*:log-group:*"), Answer.UNKNOWN),
    ],
)
def test_a_denial_counts_where_it_surely_falls_on_the_resource(deny: str, expected: Answer) -> None:
    platform = platform_of(ROLE, inline("p", document("*")), inline("z", deny))
    assert asked(platform)[0] is expected


@pytest.mark.parametrize(
    "attachment",
    [
        attached(MANAGED),
        made("aws_iam_policy_attachment.a", roles=[NAME], policy_arn=MANAGED, name="a"),
        made(
            "aws_iam_role_policy_attachment.a",
            role=NAME,
            policy_arn=MANAGED.replace("arn:aws:", "arn:aws-cn:"),
        ),
    ],
)
def test_policies_aws_keeps_are_known_by_name(attachment: Made) -> None:
    platform = platform_of(ROLE, attachment)
    assert asked(platform)[0] is Answer.YES
    assert asked(platform, "logs:CreateLogGroup")[0] is Answer.NO
    assert asked(platform, "ecr:GetAuthorizationToken", ACCOUNT)[0] is Answer.YES


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::123456789012:policy/AdministratorAccess", "arn:aws:iam::aws:policy/New"]
)
def test_policies_nobody_here_knows_may_allow_anything(arn: str) -> None:
    assert asked(platform_of(ROLE, attached(arn))) == (
        Answer.UNKNOWN,
        f"what {arn} allows is not in the plan: look it up",
    )


def test_a_policy_of_the_plan_is_found_by_its_arn() -> None:
    policy = made("aws_iam_policy.p", name="p", arn=Refs(), policy=document("logs:*"))
    platform = platform_of(ROLE, policy, attached(Refs("aws_iam_policy.p.arn")))
    assert asked(platform) == (Answer.YES, "aws_iam_policy.p")


def test_the_roles_own_block_counts() -> None:
    block = [{"name": "own", "policy": document("logs:PutLogEvents")}]
    role = made(
        "aws_iam_role.r",
        name="r",
        assume_role_policy="{}",
        inline_policy=block,
        managed_policy_arns=["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
    )
    platform = platform_of(role)
    assert asked(platform) == (Answer.YES, "the inline policy own of aws_iam_role.r")
    assert asked(platform, "s3:GetObject")[0] is Answer.YES


def test_an_only_list_of_policies_drops_those_it_leaves_out() -> None:
    policies = (inline("p", document("logs:*")), attached(MANAGED))
    names = made("aws_iam_role_policies_exclusive.x", role_name=NAME, policy_names=["q"])
    arns = made("aws_iam_role_policy_attachments_exclusive.x", role_name=NAME, policy_arns=["x"])
    assert asked(platform_of(ROLE, *policies, names)) == (Answer.YES, MANAGED)
    assert asked(platform_of(ROLE, *policies, arns)) == (Answer.YES, "aws_iam_role_policy.p")
    assert asked(platform_of(ROLE, *policies, names, arns))[0] is Answer.NO


def bounded(boundary: Any) -> Made:
    return made("aws_iam_role.r", name="r", assume_role_policy="{}", permissions_boundary=boundary)


def test_a_boundary_takes_away_what_it_does_not_allow() -> None:
    allowed = inline("p", document("*"))
    platform = platform_of(bounded("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"), allowed)
    assert asked(platform)[0] is Answer.DENIED
    assert asked(platform, "s3:GetObject")[0] is Answer.YES


def test_a_boundary_gives_nothing_and_an_unread_one_takes_nothing() -> None:
    everything = bounded("arn:aws:iam::aws:policy/AdministratorAccess")
    assert asked(platform_of(everything))[0] is Answer.NO
    unread = bounded("arn:aws:iam::123456789012:policy/boundary")
    assert asked(platform_of(unread, inline("p", document("*"))))[0] is Answer.YES


def test_what_a_standing_role_has_from_elsewhere_counts() -> None:
    role = standing(
        "aws_iam_role.r",
        name="r",
        assume_role_policy="{}",
        managed_policy_arns=[MANAGED],
        inline_policy=[{"name": "old", "policy": document("s3:*")}],
    )
    for block in ("managed_policy_arns", "inline_policy"):
        role.block["expressions"].pop(block)
    platform = platform_of(role)
    assert asked(platform)[0] is Answer.YES
    assert asked(platform, "s3:GetObject")[0] is Answer.YES
    # What resources of the plan attach is told by them, also when they go.
    gone = standing("aws_iam_role_policy_attachment.a", "delete", role="r", policy_arn=MANAGED)
    old = standing("aws_iam_role_policy.o", "delete", name="old", role="r", policy="{}")
    for deleted in (gone, old):
        deleted.change["change"]["after"] = None
    assert asked(platform_of(role, gone, old))[0] is Answer.NO
    assert asked(platform_of(role, gone, old), "s3:GetObject")[0] is Answer.NO


def test_a_policy_of_the_resource_may_let_the_role_in() -> None:
    repository = made("aws_ecr_repository.app", name="app", arn=Refs())
    policy = made(
        "aws_ecr_repository_policy.app", repository=Refs("aws_ecr_repository.app.name"), policy="{}"
    )
    wanted = Wanted("arn:*:ecr:*:*:repository/app", "aws_ecr_repository.app")
    call = ("ecr:BatchGetImage", wanted)
    assert asked(platform_of(ROLE, repository), *call)[0] is Answer.NO
    assert asked(platform_of(ROLE, repository, policy), *call) == (
        Answer.UNKNOWN,
        "aws_ecr_repository_policy.app may allow it",
    )


def test_a_document_still_to_be_read_shows_its_statements() -> None:
    data = made(
        "data.aws_iam_policy_document.d",
        json=Refs(),
        statement=[
            {"effect": "Deny", "not_actions": ["logs:*"], "resources": ["*"]},
            {
                "actions": ["logs:*"],
                "resources": Refs("aws_cloudwatch_log_group.g.arn"),
                "principals": [{"type": "AWS", "identifiers": ["1"]}],
                "condition": [{"test": "Bool", "variable": "aws:x", "values": ["1"]}],
            },
        ],
    )
    group = made("aws_cloudwatch_log_group.g", name="/ecs/app", arn=Refs())
    policy = inline("p", Refs("data.aws_iam_policy_document.d.json"))
    platform = platform_of(ROLE, data, group, policy)
    read = platform.roles.documents.of(resource_of(platform, "aws_iam_role_policy.p"), "policy")
    deny, allow = read.statements
    assert read.address == "data.aws_iam_policy_document.d"
    assert (deny.allows, deny.excepts_actions, deny.actions) == (False, True, ("logs:*",))
    assert (allow.allows, allow.principals, allow.place) == (True, (("AWS", "1"),), "statement[1]")
    # By the plan alone constants may stand beside a reference.
    assert allow.resources == (OPEN,)
    assert asked(platform)[0] is Answer.YES
    assert asked(platform, "s3:GetObject")[0] is Answer.DENIED


def test_documents_that_another_brings_are_not_guessed() -> None:
    data = made(
        "data.aws_iam_policy_document.d",
        json=Refs(),
        source_policy_documents=Refs("terraform_data.x.output"),
    )
    loose = made("terraform_data.x", output=Refs())
    platform = platform_of(
        ROLE, data, loose, inline("p", Refs("data.aws_iam_policy_document.d.json"))
    )
    assert asked(platform)[0] is Answer.UNKNOWN


def test_arns_are_told_from_names_before_there_are_any() -> None:
    platform = platform_of(
        made("aws_s3_bucket.b", bucket="b", arn=Refs()),
        made("aws_ssm_parameter.p", name="/a/b", arn=Refs()),
        made("aws_cloudwatch_log_group.g", name="/ecs/app", arn=Refs()),
        made("aws_secretsmanager_secret.s", name=Refs(), arn=Refs()),
        made("aws_sqs_queue.q", name="q", arn=Refs()),
        standing("aws_s3_bucket.old", bucket="old", arn="arn:aws:s3:::old"),
    )
    arn_of = platform.roles.documents.arn_of
    assert arn_of("aws_s3_bucket.b", "arn") == "arn:*:s3:::b"
    assert arn_of("aws_ssm_parameter.p", "arn") == "arn:*:ssm:*:*:parameter/a/b"
    assert (
        arn_of("aws_secretsmanager_secret.s", "arn") == "arn:*:secretsmanager:*:*:secret:*-??????"
    )
    assert arn_of("aws_s3_bucket.old", "arn") == "arn:aws:s3:::old"
    for unknown in (("aws_sqs_queue.q", "arn"), ("aws_s3_bucket.b", "id"), ("aws_x.gone", "arn")):
        assert arn_of(*unknown) == "arn:*"


PARTITION = made("data.aws_partition.p", partition=Refs())


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            (
                "arn:",
                Taken("data.aws_partition.p", "partition"),
                ":iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
            ),
            Answer.YES,
        ),
        (
            ("arn:aws:iam::", Taken("data.aws_partition.p", "partition"), ":policy/x"),
            Answer.UNKNOWN,
        ),
    ],
)
def test_a_replay_tells_which_policy_of_aws_is_attached(
    parts: tuple[str | Taken, ...], expected: Answer
) -> None:
    platform = platform_of(ROLE, PARTITION, attached(Template(parts)))
    assert asked(platform)[0] is expected
    assert len(platform.roles.of(resource_of(platform, "aws_iam_role.r")).policies) == 1


def test_a_policy_of_aws_that_is_looked_up_is_known_by_its_arn_or_name() -> None:
    name = MANAGED.rpartition("/")[2]
    for known in ({"arn": MANAGED, "name": Refs()}, {"arn": Refs(), "name": name}):
        policy = made("data.aws_iam_policy.m", policy=Refs(), **known)
        platform = platform_of(ROLE, policy, attached(Refs("data.aws_iam_policy.m.arn")))
        assert asked(platform)[0] is Answer.YES
        assert asked(platform, "logs:CreateLogGroup")[0] is Answer.NO
    told = made("data.aws_iam_policy.m", policy=document("s3:*"), arn=MANAGED)
    platform = platform_of(ROLE, told, attached(Refs("data.aws_iam_policy.m.arn")))
    assert asked(platform)[0] is Answer.NO


def test_a_policy_that_is_named_by_its_arn_is_attached_once() -> None:
    arn = "arn:aws:iam::123456789012:policy/own"
    for entries in ((attached(arn),), (attached(MANAGED),)):
        platform = platform_of(ROLE, *entries)
        role = platform.roles.of(resource_of(platform, "aws_iam_role.r"))
        assert len(role.policies) == 1


def test_a_policy_of_a_role_outside_of_the_plan_is_no_doubt() -> None:
    assert asked(platform_of(ROLE, inline("p", document("logs:*"), "elsewhere")))[0] is Answer.NO


def test_a_policy_of_one_role_or_another_may_be_this_ones() -> None:
    other = made("aws_iam_role.other", name="other", assume_role_policy="{}")
    either = Refs("aws_iam_role.r.name", "aws_iam_role.other.name", "var.which")
    answer, why = asked(platform_of(ROLE, other, inline("p", document("logs:*"), either)))
    assert answer is Answer.UNKNOWN
    assert (
        why == "which role aws_iam_role_policy.p belongs to is not in the plan; give --source-dir"
    )


def test_a_policy_that_may_be_another_is_a_doubt() -> None:
    policies = tuple(
        made(f"aws_iam_policy.{name}", name=name, arn=Refs(), policy=document("logs:*"))
        for name in "pq"
    )
    either = Refs("aws_iam_policy.p.arn", "aws_iam_policy.q.arn", "var.which")
    assert asked(platform_of(ROLE, *policies, attached(either)))[0] is Answer.UNKNOWN
    open_one = attached(Refs("aws_iam_policy.p.arn", "local.x"))
    assert asked(platform_of(ROLE, *policies, open_one), "s3:Get")[0] is Answer.UNKNOWN


def test_a_boundary_of_nothing_is_none_and_one_that_denies_wins() -> None:
    everything = inline("p", document("*"))
    assert asked(platform_of(bounded(""), everything))[0] is Answer.YES
    denying = made(
        "aws_iam_policy.b", name="b", arn=Refs(), policy=document("logs:*", effect="Deny")
    )
    platform = platform_of(bounded(Refs("aws_iam_policy.b.arn")), everything, denying)
    assert asked(platform) == (Answer.DENIED, "aws_iam_policy.b")


def test_roles_that_go_are_none() -> None:
    old = standing("aws_iam_role.old", "delete", name="old", assume_role_policy="{}")
    assert [each.resource.address for each in platform_of(ROLE, old).roles.all] == [
        "aws_iam_role.r"
    ]


BUCKET = Wanted("arn:*:s3:::b", "aws_s3_bucket.b")


@pytest.mark.parametrize(
    ("arguments", "others", "expected"),
    [
        ({}, (), Answer.NO),
        ({"policy": ""}, (), Answer.NO),
        ({"policy": "{}"}, (), Answer.UNKNOWN),
        ({"policy": Refs("terraform_data.x.output")}, (), Answer.UNKNOWN),
        (
            {},
            (made("aws_s3_bucket_policy.p", bucket=Refs("aws_s3_bucket.b.id"), policy="{}"),),
            Answer.UNKNOWN,
        ),
        (
            {},
            (made("aws_s3_bucket_policy.p", bucket=Refs("aws_s3_bucket.other.id"), policy="{}"),),
            Answer.NO,
        ),
    ],
)
def test_only_a_policy_of_the_very_resource_may_let_a_role_in(
    arguments: dict[str, Any], others: tuple[Made, ...], expected: Answer
) -> None:
    platform = platform_of(
        ROLE,
        made("terraform_data.x", output=Refs()),
        made("aws_s3_bucket.b", bucket="b", id=Refs(), **arguments),
        made("aws_s3_bucket.other", bucket="other", id=Refs()),
        *others,
    )
    assert asked(platform, "s3:GetObject", BUCKET)[0] is expected


def test_a_policy_that_leaves_the_resource_lets_nobody_in() -> None:
    platform = platform_of(
        ROLE,
        standing("aws_s3_bucket.b", bucket="b", id="b"),
        standing("aws_s3_bucket_policy.p", "delete", bucket="b", policy="{}"),
    )
    assert asked(platform, "s3:GetObject", BUCKET)[0] is Answer.NO


def read_of(policy: Any, *entries: Made) -> Document:
    platform = platform_of(ROLE, *entries, inline("p", policy))
    return platform.roles.documents.of(resource_of(platform, "aws_iam_role_policy.p"), "policy")


DATA = "data.aws_iam_policy_document.d"


def test_a_policy_that_nobody_gave_is_an_empty_document() -> None:
    policy = made("aws_iam_role_policy.p", name="p", role=NAME)
    platform = platform_of(ROLE, policy)
    read = platform.roles.documents.of(resource_of(platform, "aws_iam_role_policy.p"), "policy")
    assert (read.statements, read.unresolved) == ((), ())


def test_a_replay_tells_a_policy() -> None:
    part = Taken("aws_sqs_queue.q", "arn")
    text = Template(('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "', part, '"}}'))
    (statement,) = read_of(text, made("aws_sqs_queue.q", name="q", arn=Refs())).statements
    assert statement.resources == (Template((part,)),)
    open_text = Template(('{"Statement": ', DERIVED, "}"))
    read = read_of(open_text)
    assert (read.statements, len(read.unresolved)) == ((), 1)


def test_only_the_text_of_a_document_that_is_surely_meant_is_read() -> None:
    allow = [{"actions": ["logs:*"], "resources": ["*"]}]
    one = made(DATA, json=Refs(), id=Refs(), statement=allow)
    two = made("data.aws_iam_policy_document.e", json=Refs(), statement=allow)
    assert len(read_of(Refs(f"{DATA}.json"), one).statements) == 1
    assert read_of(Refs(f"{DATA}.id"), one).statements == ()
    either = Refs(f"{DATA}.json", "data.aws_iam_policy_document.e.json", "var.which")
    assert read_of(either, one, two).statements == ()


def test_a_merged_document_is_read_where_its_text_is_known() -> None:
    merged = standing(DATA, "read", json=document("logs:*"), source_policy_documents=["{}"])
    (statement,) = read_of(Refs(f"{DATA}.json"), merged).statements
    assert statement.actions == ("logs:*",)


def test_statements_that_only_apply_unfolds_are_a_doubt() -> None:
    entry = made(DATA, json=Refs(), statement=Refs("local.statements"))
    read = read_of(Refs(f"{DATA}.json"), entry)
    why = f"the statements of {DATA} are known only after apply; give --source-dir"
    assert read.unresolved == (why,)


def test_principals_of_a_kind_that_is_not_known_are_of_none() -> None:
    principals = [{"type": Refs("local.kind"), "identifiers": ["1"]}]
    entry = made(DATA, json=Refs(), statement=[{"actions": ["*"], "principals": principals}])
    (statement,) = read_of(Refs(f"{DATA}.json"), entry).statements
    assert statement.principals == (("", "1"),)


def test_the_name_of_a_parameter_and_of_others_makes_their_arn() -> None:
    platform = platform_of(
        made("aws_ssm_parameter.p", name="plain", arn=Refs()),
        made("aws_cloudwatch_log_group.g", name="/ecs/app", arn=Refs()),
    )
    arn_of = platform.roles.documents.arn_of
    assert arn_of("aws_ssm_parameter.p", "arn") == "arn:*:ssm:*:*:parameter/plain"
    assert arn_of("aws_cloudwatch_log_group.g", "arn") == "arn:*:logs:*:*:log-group:/ecs/app"
