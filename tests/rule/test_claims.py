"""Names that must be the only ones of their kind."""

from __future__ import annotations

import pytest

from tests.rule.platforms import Made, Refs, made, platform_of, standing


def rivals(*entries: Made) -> dict[str, list[str]]:
    claims = platform_of(*entries).claims
    return {
        claim.resource.address: [rival.resource.address for rival in claims.rivals(claim)]
        for claim in claims.claims
    }


def test_a_repository_that_a_lookup_found_cannot_be_created() -> None:
    found = rivals(
        made("aws_ecr_repository.app", name="shop"),
        made("data.aws_ecr_repository.app", name="shop"),
    )
    assert found["aws_ecr_repository.app"] == ["data.aws_ecr_repository.app"]


def test_a_lookup_of_what_is_replaced_claims_nothing() -> None:
    found = rivals(
        standing("aws_ecr_repository.app", "delete", "create", name="shop"),
        made("data.aws_ecr_repository.app", name="shop"),
    )
    assert found["aws_ecr_repository.app"] == []


def test_services_in_clusters_nobody_knows_are_not_compared() -> None:
    claims = platform_of(
        made("terraform_data.x", output=Refs()),
        made("aws_ecs_service.a", name="app", cluster=Refs("terraform_data.x.output")),
        made("aws_ecs_service.b", name="app", cluster=Refs("terraform_data.x.output")),
    ).claims
    assert [claim.key for claim in claims.claims] == [None, None]


def test_a_load_balancer_is_the_same_by_its_other_name() -> None:
    found = rivals(
        made("aws_lb.a", name="front"),
        made("aws_alb.b", name="front"),
        made("aws_lb_target_group.t", name="front"),
    )
    assert found["aws_lb.a"] == ["aws_alb.b"]
    assert found["aws_lb_target_group.t"] == []


def test_names_that_go_or_that_nobody_gave_are_no_claims() -> None:
    found = rivals(
        made("aws_lb.a", name="front"),
        standing("aws_lb.old", "delete", name="front"),
        made("aws_lb.unnamed", internal=True),
    )
    assert found == {"aws_lb.a": []}


@pytest.mark.parametrize(
    ("kind", "attribute", "regions", "clash"),
    [
        ("aws_lb", "name", ("eu-west-1", "eu-west-1"), True),
        ("aws_lb", "name", ("eu-west-1", "us-east-1"), False),
        ("aws_iam_role", "name", ("eu-west-1", "us-east-1"), True),
    ],
)
def test_a_name_is_the_only_one_of_its_region_where_its_kind_has_one(
    kind: str, attribute: str, regions: tuple[str, str], *, clash: bool
) -> None:
    entries = (
        made(f"{kind}.{label}", **{attribute: "front", "region": region})
        for label, region in zip("ab", regions, strict=True)
    )
    assert rivals(*entries)[f"{kind}.a"] == ([f"{kind}.b"] if clash else [])


def test_a_region_that_is_not_known_is_that_of_the_provider() -> None:
    found = rivals(
        made("aws_lb.a", name="front", region=Refs("terraform_data.x.output")),
        made("aws_lb.b", name="front"),
        made("terraform_data.x", output=Refs()),
    )
    assert found["aws_lb.a"] == ["aws_lb.b"]


def test_another_provider_may_be_another_account() -> None:
    here, there = made("aws_lb.a", name="front"), made("aws_lb.b", name="front")
    here.block["provider_config_key"] = "aws"
    there.block["provider_config_key"] = "aws.other"
    assert rivals(here, there)["aws_lb.a"] == []


def test_names_in_one_place_or_another_are_not_compared() -> None:
    either = Refs("aws_ecs_cluster.c.id", "aws_ecs_cluster.d.id", "var.which")
    claims = platform_of(
        made("aws_ecs_cluster.c", name="c", id=Refs()),
        made("aws_ecs_cluster.d", name="d", id=Refs()),
        made("aws_ecs_service.a", name="app", cluster=either),
        made("aws_ecs_service.b", name="app", cluster=Refs("aws_ecs_cluster.c.id")),
    ).claims
    keys = {claim.resource.address: claim.key for claim in claims.claims}
    assert keys["aws_ecs_service.a"] is None
    assert keys["aws_ecs_service.b"] is not None


def test_services_without_a_cluster_share_the_default_one() -> None:
    found = rivals(made("aws_ecs_service.a", name="app"), made("aws_ecs_service.b", name="app"))
    assert found["aws_ecs_service.a"] == ["aws_ecs_service.b"]


def test_of_two_that_stand_already_none_is_in_the_way() -> None:
    one = standing("aws_lb.a", name="front")
    assert rivals(one, standing("aws_lb.b", name="front"))["aws_lb.a"] == []
    assert rivals(one, made("aws_lb.b", name="front"))["aws_lb.a"] == ["aws_lb.b"]


def test_a_claim_that_is_not_told_has_no_rivals() -> None:
    platform = platform_of(
        made("aws_lb.a", name=Refs("terraform_data.x.output")),
        made("terraform_data.x", output=Refs()),
    )
    [claim] = platform.claims.claims
    assert claim.why == "aws_lb.a.name is known only after apply"
    assert not any(platform.claims.rivals(claim))
