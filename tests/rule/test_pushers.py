"""What pushes images during the apply, into which repository, and who waits for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from policyscan.rule import Platform
from tests.plans import block, change, graph_of, references
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of

FIRST = made("aws_ecr_repository.first", repository_url=Refs())
SECOND = made("aws_ecr_repository.second", repository_url=Refs())


def running(pusher: Made, kind: str, *names: str, **more: Any) -> Made:
    provisioner = {"type": kind, "expressions": {"command": references(*names)}}
    return replace(pusher, block={**pusher.block, "provisioners": [provisioner], **more})


PUSH = running(made("terraform_data.push"), "local-exec", "aws_ecr_repository.first.repository_url")


def pushed(platform: Platform, address: str) -> list[str]:
    found = platform.pushers.repositories_of(resource_of(platform, address))
    return [target.address for target in found]


def test_only_what_runs_a_command_here_or_pushes_by_itself_is_a_pusher() -> None:
    platform = platform_of(
        FIRST,
        PUSH,
        made("docker_registry_image.d", name=Refs("aws_ecr_repository.first.repository_url")),
        made("terraform_data.plain", input=Refs("aws_ecr_repository.first.repository_url")),
        running(made("null_resource.away"), "remote-exec", "aws_ecr_repository.first.name"),
    )
    assert [pusher.address for pusher in platform.pushers.all] == [
        "docker_registry_image.d",
        "terraform_data.push",
    ]
    assert pushed(platform, "docker_registry_image.d") == ["aws_ecr_repository.first"]


def test_a_pusher_pushes_into_what_it_names_and_not_into_all_it_waits_for() -> None:
    waiting = replace(PUSH, block={**PUSH.block, "depends_on": ["aws_ecr_repository.second"]})
    platform = platform_of(FIRST, SECOND, waiting)
    assert pushed(platform, "terraform_data.push") == ["aws_ecr_repository.first"]


def test_a_pusher_that_names_none_may_push_into_all_it_waits_for() -> None:
    script = running(
        made("terraform_data.push"), "local-exec", depends_on=["aws_ecr_repository.second"]
    )
    platform = platform_of(FIRST, SECOND, script)
    assert pushed(platform, "terraform_data.push") == ["aws_ecr_repository.second"]


def test_a_pusher_stands_between_when_it_waits_and_is_waited_for() -> None:
    service = made("aws_ecs_service.app", name="app")
    patient = replace(service, block={**service.block, "depends_on": ["terraform_data.push"]})
    repository = "aws_ecr_repository.first"
    found = platform_of(FIRST, PUSH, patient).pushers.between("aws_ecs_service.app", repository)
    assert found is not None
    assert found.address == "terraform_data.push"
    assert (
        platform_of(FIRST, PUSH, service).pushers.between("aws_ecs_service.app", repository) is None
    )


def built(command: str) -> tuple[str, ...] | None:
    entry = made("terraform_data.push")
    provisioner = {"type": "local-exec", "expressions": {"command": {"constant_value": command}}}
    pusher = replace(entry, block={**entry.block, "provisioners": [provisioner]})
    platform = platform_of(pusher)
    return platform.pushers.platforms(resource_of(platform, "terraform_data.push"))


def test_what_a_command_builds_for_is_read_off_it() -> None:
    assert built("docker build --platform linux/arm64 .") == ("linux/arm64",)
    assert built('docker buildx build --platform="linux/amd64,linux/arm64" .') == (
        "linux/amd64",
        "linux/arm64",
    )
    assert built("podman  build .") == ()
    assert built("docker push --platform linux/arm64 x") is None


def test_what_a_docker_image_is_built_for_is_its_platform() -> None:
    def platforms(*builds: dict[str, Any]) -> tuple[str, ...] | None:
        platform = platform_of(
            made("docker_image.i", name=Refs(), build=list(builds)),
            made("docker_registry_image.d", name=Refs("docker_image.i.name")),
            made("terraform_data.x", output=Refs()),
        )
        return platform.pushers.platforms(resource_of(platform, "docker_registry_image.d"))

    assert platforms({"context": ".", "platform": "linux/arm64"}) == ("linux/arm64",)
    assert platforms({"context": "."}) == ()
    assert platforms({"platform": Refs("terraform_data.x.output")}) is None
    assert platforms() is None


def test_a_command_made_of_what_is_not_known_tells_no_platform() -> None:
    platform = platform_of(FIRST, PUSH)
    assert platform.pushers.platforms(resource_of(platform, "terraform_data.push")) is None


def test_a_command_that_names_other_things_too_pushes_into_the_repository() -> None:
    pusher = running(
        made("terraform_data.push"),
        "local-exec",
        "aws_s3_bucket.b.id",
        "aws_ecr_repository.first.repository_url",
    )
    platform = platform_of(FIRST, pusher, made("aws_s3_bucket.b", id=Refs()))
    assert pushed(platform, "terraform_data.push") == ["aws_ecr_repository.first"]


def test_an_empty_platform_in_a_list_is_none() -> None:
    assert built("docker build --platform linux/arm64, .") == ("linux/arm64",)


def test_what_stands_in_a_module_named_for_it_pushes_into_what_it_waits_for() -> None:
    inside = {
        "resources": [block("aws_imagebuilder_image.app", {"x": references("var.repository")})]
    }
    call = {
        "source": "./build",
        "expressions": {"repository": references("aws_ecr_repository.first.arn")},
        "module": {**inside, "variables": {"repository": {}}},
    }
    root = {
        "resources": [block("aws_ecr_repository.first")],
        "module_calls": {"build": call},
    }
    changes = [
        change("aws_ecr_repository.first"),
        change("module.build.aws_imagebuilder_image.app"),
    ]
    pushers = Platform(graph_of(changes, root)).pushers
    found = pushers.into("aws_ecr_repository.first", ("module.build",))
    assert [each.address for each in found] == ["module.build.aws_imagebuilder_image.app"]
    assert pushers.into("aws_ecr_repository.first", ("module.bui",)) == ()
    assert pushers.into("aws_ecr_repository.first") == ()
