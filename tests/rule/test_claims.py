"""Names that must be the only ones of their kind."""

from __future__ import annotations

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
