"""What task definitions run, and which repository of the plan it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from policyscan.plan import DERIVED, Taken, Template
from policyscan.rule import Certainty, Platform, TaskImages, certainty_of
from policyscan.rule.containers import ImageOrigin, read_containers
from policyscan.source import Source, read_source
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
REPOSITORY = made("aws_ecr_repository.r", name="shop", repository_url=Refs())
URL = Refs("aws_ecr_repository.r.repository_url")


def task(definitions: Any) -> Made:
    text = (
        definitions if isinstance(definitions, str | Refs | Template) else json.dumps(definitions)
    )
    return made("aws_ecs_task_definition.t", family="t", container_definitions=text)


def images_of(platform: Platform) -> TaskImages:
    return platform.images.of(resource_of(platform, "aws_ecs_task_definition.t"))


def known(image: str, *entries: Made) -> ImageOrigin:
    """The one origin of a task definition whose image is known."""
    [origin] = images_of(platform_of(task([{"name": "app", "image": image}]), *entries)).origins
    return origin


def addresses(origin: ImageOrigin) -> list[str]:
    return [target.address for target in origin.repositories]


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("[]", []),
        ('[{"name": "a", "image": "x"}, {"image": "y"}]', ["x", "y"]),
        ('{"name": "a", "image": "x"}', ["x"]),
        ('[{"name": "a"}]', [""]),
    ],
)
def test_containers_are_read_from_a_list_or_a_single_object(text: str, images: list[str]) -> None:
    assert [container.image for container in read_containers(text)] == images


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "is not JSON"), ("[", "is not JSON"), ("3", "not a list"), ('["a"]', "not a list")],
)
def test_anything_else_is_no_containers(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_containers(text)
    found = images_of(platform_of(task(text)))
    assert why in found.invalid
    assert found.origins == ()


def test_a_sensitive_image_is_never_shown() -> None:
    [container] = read_containers('[{"image": "secret.example.com/app"}]', is_sensitive=True)
    assert container.shown_image == "(sensitive)"


def test_a_known_image_leads_to_the_repository_its_text_names() -> None:
    assert addresses(known(f"{HOST}/shop:1", REPOSITORY)) == ["aws_ecr_repository.r"]


@pytest.mark.parametrize(
    "image",
    [
        f"{HOST}/shop/app:1",  # a longer name
        f"{HOST}/shopping:1",
        "shop:1",  # Docker Hub's
        "public.ecr.aws/shop/shop:1",
        "HTTPS://no/image",
    ],
)
def test_a_known_image_of_another_name_or_registry_is_none_of_the_repositorys(image: str) -> None:
    origin = known(image, REPOSITORY)
    assert (addresses(origin), origin.others) == ([], (image,))


def test_a_repository_of_another_region_or_account_is_another_repository() -> None:
    abroad = made("aws_ecr_repository.r", name="shop", region="eu-west-1")
    foreign = standing("aws_ecr_repository.r", name="shop", registry_id="111122223333")
    home = made("data.aws_caller_identity.me", account_id="111122223333")
    image = f"{HOST}/shop:1"
    assert addresses(known(image, abroad)) == []
    assert addresses(known(image, foreign)) == []
    assert addresses(known(image, REPOSITORY, home)) == []


@pytest.mark.parametrize(
    ("entries", "certainty"),
    [
        ((REPOSITORY,), Certainty.INFERRED),
        (
            (REPOSITORY, made("data.aws_caller_identity.me", account_id="123456789012")),
            Certainty.PROVEN,
        ),
        (
            (standing("aws_ecr_repository.r", name="shop", registry_id="123456789012"),),
            Certainty.PROVEN,
        ),
    ],
)
def test_a_name_alone_proves_a_repository_only_with_its_account(
    entries: tuple[Made, ...], certainty: Certainty
) -> None:
    assert certainty_of(*known(f"{HOST}/shop:1", *entries).repositories) is certainty


@pytest.mark.parametrize(
    ("repository", "is_empty"),
    [
        (REPOSITORY, True),
        (standing("aws_ecr_repository.r", "delete", "create", name="shop"), True),
        (standing("aws_ecr_repository.r", "update", name="shop"), False),
        (standing("aws_ecr_repository.r", name="shop"), False),
        (made("aws_ecr_repository.r", name="hub/library/nginx"), False),  # the cache fills it
        (made("aws_ecr_repository.r", name="hubs/nginx"), True),
        (made("data.aws_ecr_repository.r", name="shop"), False),
    ],
)
def test_a_repository_starts_empty_when_it_is_made_and_no_cache_fills_it(
    repository: Made, *, is_empty: bool
) -> None:
    cache = made("aws_ecr_pull_through_cache_rule.c", ecr_repository_prefix="hub")
    platform = platform_of(repository, cache)
    address = repository.change["address"]
    assert platform.images.starts_empty(address) is is_empty


def test_without_source_all_that_unknown_definitions_refer_to_is_one_origin() -> None:
    found = images_of(platform_of(REPOSITORY, task(Refs(*URL, "var.image", "local.x"))))
    [origin] = found.origins
    assert addresses(origin) == ["aws_ecr_repository.r"]
    assert not found.is_known
    assert not origin.is_image
    assert "local.x" in origin.unresolved[0]


@pytest.mark.parametrize(
    ("value", "others"),
    [
        ("public.ecr.aws/nginx/nginx:1", ("var.image",)),
        ({"image": "quay.io/app", "port": 80}, ("var.image",)),
        (["quay.io/app"], ("var.image",)),
        (True, ("var.image",)),  # it may choose
        ("1.4.2", ()),
        (8080, ()),
        (None, ()),
    ],
)
def test_a_variable_that_may_be_the_image_is_named(value: Any, others: tuple[str, ...]) -> None:
    platform = platform_of(
        REPOSITORY, task(Refs(*URL, "var.image")), variables={"image": {"value": value}}
    )
    [origin] = images_of(platform).origins
    assert origin.others == others


def test_a_variable_whose_text_names_the_repository_is_that_repository() -> None:
    platform = platform_of(
        REPOSITORY,
        task(Refs("var.image", "aws_s3_bucket.b.id")),
        made("aws_s3_bucket.b", id=Refs()),
        variables={"image": {"value": f"{HOST}/shop:1"}},
    )
    [origin] = images_of(platform).origins
    assert (addresses(origin), origin.others) == (["aws_ecr_repository.r"], ())


def source_of(folder: Path, definitions: str, rest: str = "") -> Source:
    (folder / "main.tf").write_text(
        'resource "aws_ecs_task_definition" "t" {\n'
        f"  container_definitions = {definitions}\n}}\n{rest}"
    )
    return read_source(folder)


SIDECAR = '{ name = "proxy", image = "public.ecr.aws/nginx/nginx:1" }'
APP = '{ name = "app", image = "${aws_ecr_repository.r.repository_url}:1" }'
MENTION = (
    '{ name = "app", image = "quay.io/app:1", '
    'environment = [{ name = "URL", value = aws_ecr_repository.r.repository_url }] }'
)


LOCALS = f"locals {{\n  app = {APP}\n  apps = [{APP}]\n  sidecar = {SIDECAR}\n}}\n"


@pytest.mark.parametrize(
    ("definitions", "planned", "origins"),
    [
        (f"jsonencode([{APP}])", URL, [["aws_ecr_repository.r"]]),
        (f"jsonencode([{SIDECAR}, {APP}])", URL, [[], ["aws_ecr_repository.r"]]),
        (f"jsonencode([{MENTION}])", URL, [[]]),
        (
            "jsonencode([local.app, local.sidecar])",
            Refs("local.app", "local.sidecar"),
            [["aws_ecr_repository.r"], []],
        ),
        (
            f"jsonencode(concat([{SIDECAR}], local.apps))",
            Refs("local.apps"),
            [[], ["aws_ecr_repository.r"]],
        ),
    ],
)
def test_the_source_tells_images_apart_and_from_what_is_only_mentioned(
    tmp_path: Path, definitions: str, planned: Refs, origins: list[list[str]]
) -> None:
    source = source_of(tmp_path, definitions, LOCALS)
    found = images_of(platform_of(REPOSITORY, task(planned), source=source))
    assert [addresses(origin) for origin in found.origins] == origins
    assert all(origin.is_image for origin in found.origins)


def test_an_image_that_is_a_constant_in_the_source_is_told_as_text(tmp_path: Path) -> None:
    source = source_of(tmp_path, f"jsonencode([{MENTION}])")
    [origin] = images_of(platform_of(REPOSITORY, task(URL), source=source)).origins
    assert origin.text is not None
    assert (origin.text.value, origin.others) == ("quay.io/app:1", ("quay.io/app:1",))


def test_an_image_out_of_an_iterator_is_looked_for_in_the_whole_expression(tmp_path: Path) -> None:
    source = source_of(
        tmp_path,
        'jsonencode([for url in [aws_ecr_repository.r.repository_url] : { image = "${url}:1" }])',
    )
    [origin] = images_of(platform_of(REPOSITORY, task(URL), source=source)).origins
    assert (addresses(origin), origin.is_image) == (["aws_ecr_repository.r"], False)


def test_source_that_names_other_things_than_the_plan_does_not_speak_for_it(tmp_path: Path) -> None:
    source = source_of(tmp_path, f"jsonencode([{SIDECAR}])")
    [origin] = images_of(platform_of(REPOSITORY, task(URL), source=source)).origins
    assert (addresses(origin), origin.is_image) == (["aws_ecr_repository.r"], False)


def test_a_repository_that_is_looked_up_by_the_name_of_a_new_one_is_the_new_one() -> None:
    platform = platform_of(
        REPOSITORY,
        made("data.aws_ecr_repository.d", name=Refs("aws_ecr_repository.r.name")),
        task(Refs("data.aws_ecr_repository.d.repository_url")),
    )
    [origin] = images_of(platform).origins
    assert addresses(origin) == ["aws_ecr_repository.r"]
    elsewhere = platform_of(
        made("data.aws_ecr_repository.d", name=Refs()),
        task(Refs("data.aws_ecr_repository.d.repository_url")),
    )
    [origin] = images_of(elsewhere).origins
    assert addresses(origin) == ["data.aws_ecr_repository.d"]


def completed(*parts: str | Taken) -> Made:
    """A task definition whose one image a replay tells: it will be made of these parts."""
    return task(Template(('[{"name": "app", "image": "', *parts, '"}]')))


PUSHED = Taken("aws_ecr_repository.r", "repository_url")
PET = Taken("random_pet.p", "id")


@pytest.mark.parametrize(
    ("parts", "repositories", "others", "unresolved", "text"),
    [
        ((PUSHED, ":1"), ["aws_ecr_repository.r"], (), (), f"{HOST}/shop:1"),
        ((replace(PUSHED, is_whole=False), ":1"), ["aws_ecr_repository.r"], (), (), ""),
        ((Taken("aws_ecr_repository.r", "arn"), ":1"), ["aws_ecr_repository.r"], (), (), ""),
        ((Taken("aws_ecr_repository.n", "repository_url"),), ["aws_ecr_repository.n"], (), (), ""),
        (("quay.io/", PET), [], ("quay.io/${random_pet.p.id}",), (), ""),
        ((PET, ":1"), [], (), ("it is ${random_pet.p.id}:1",), ""),
        ((Taken("aws_ecr_repository.gone", "arn"),), [], (), "it is ", ""),
        ((PUSHED, "-", PET), ["aws_ecr_repository.r"], (), (), ""),
    ],
)
def test_a_replay_tells_what_an_image_will_be_made_of(
    parts: tuple[str | Taken, ...],
    repositories: list[str],
    others: tuple[str, ...],
    unresolved: tuple[str, ...] | str,
    text: str,
) -> None:
    platform = platform_of(
        REPOSITORY,
        made("aws_ecr_repository.n", name=Refs(), repository_url=Refs()),
        made("random_pet.p", id=Refs()),
        completed(*parts),
    )
    found = images_of(platform)
    [origin] = found.origins
    assert found.is_known
    assert (addresses(origin), origin.others) == (repositories, others)
    assert "".join(origin.unresolved).startswith("".join(unresolved))
    assert bool(origin.unresolved) is bool(unresolved)
    assert (str(origin.text.value) if origin.text else "") == text
    assert (origin.text is None) is (text == "")
    assert (origin.is_image, origin.may_differ) == (True, False)


def test_an_image_that_is_looked_up_is_told_by_a_replay() -> None:
    lookup = made("data.aws_ecr_image.i", repository_name="shop", image_uri=Refs())
    platform = platform_of(lookup, completed(Taken("data.aws_ecr_image.i", "image_uri")))
    [origin] = images_of(platform).origins
    assert [target.address for target in origin.lookups] == ["data.aws_ecr_image.i"]
    assert (origin.others, origin.unresolved) == ((), ())


def test_definitions_of_which_a_part_cannot_be_told_are_not_read() -> None:
    platform = platform_of(REPOSITORY, completed(PUSHED, ":", DERIVED))
    assert not images_of(platform).is_known


def test_what_a_container_is_called_is_shown_unless_it_is_sensitive() -> None:
    [container] = read_containers('[{"name": "app", "image": "nginx"}]')
    assert (container.shown, container.shown_image) == ("app", "nginx")
    assert replace(container, is_sensitive=True).shown == "(sensitive)"


def test_an_account_that_is_not_known_yet_leaves_the_repository_inferred() -> None:
    identity = made("data.aws_caller_identity.me", account_id=Refs())
    [target] = known(f"{HOST}/shop:1", REPOSITORY, identity).repositories
    assert certainty_of(target) is Certainty.INFERRED


def test_a_cache_that_is_going_fills_no_repository() -> None:
    cache = standing("aws_ecr_pull_through_cache_rule.c", "delete", ecr_repository_prefix="hub")
    platform = platform_of(made("aws_ecr_repository.r", name="hub/nginx"), cache)
    assert platform.images.starts_empty("aws_ecr_repository.r")


def test_text_that_is_no_definition_is_known_to_be_none() -> None:
    assert images_of(platform_of(task("no"))).is_known


def test_an_image_of_the_plan_keeps_the_reference_that_leads_to_it() -> None:
    entries = (REPOSITORY, made("aws_ecr_repository.other", name="other", repository_url=Refs()))
    origin = known(f"{HOST}/shop:1", *entries)
    assert origin.is_image
    assert [str(target.attribute) for target in origin.repositories] == ["repository_url"]
    assert known("nginx:1").is_image


@pytest.mark.parametrize(
    ("other", "may_differ"),
    [
        (made("aws_ecr_repository.other", name="o", repository_url=Refs()), False),
        (made("terraform_data.other", output=Refs()), False),
        (made("aws_s3_bucket.other", id=Refs()), True),
        (made("aws_s3_bucket.other", id="known"), False),
    ],
)
def test_only_what_is_unknown_besides_a_repository_may_bring_another_image(
    other: Made, *, may_differ: bool
) -> None:
    attribute = next(name for name in ("repository_url", "output", "id") if name in _names(other))
    refers = Refs(*URL, f"{other.change['address']}.{attribute}")
    [origin] = images_of(platform_of(REPOSITORY, other, task(refers))).origins
    assert origin.may_differ is may_differ


def _names(entry: Made) -> set[str]:
    return {*entry.block["expressions"]}


def test_what_passes_through_terraform_data_is_what_it_was_given() -> None:
    given = made("terraform_data.x", input=URL, output=Refs())
    [origin] = images_of(
        platform_of(REPOSITORY, given, task(Refs("terraform_data.x.output")))
    ).origins
    assert set(addresses(origin)) == {"aws_ecr_repository.r"}
    [origin] = images_of(platform_of(REPOSITORY, given, task(Refs("terraform_data.x.id")))).origins
    assert addresses(origin) == []


def test_a_list_may_hold_the_image_among_other_values() -> None:
    platform = platform_of(
        REPOSITORY,
        task(Refs(*URL, "var.image")),
        variables={"image": {"value": ["1.4.2", "quay.io/app"]}},
    )
    [origin] = images_of(platform).origins
    assert origin.others == ("var.image",)
