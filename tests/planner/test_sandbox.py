"""The private copy of a configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from policyscan.planner.sandbox import OVERRIDE, copy_configuration

if TYPE_CHECKING:
    from pathlib import Path

    from tests.planner.conftest import Configuration


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def names(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def listed(**sources: str) -> str:
    """What `terraform init` leaves of modules without a version."""
    modules = [
        {"Key": key, "Source": source, "Version": "1.0.0", "Dir": f".terraform/modules/{key}"}
        for key, source in sources.items()
    ]
    return json.dumps({"Modules": modules})


def test_locks_state_and_providers_stay_behind(tmp_path: Path) -> None:
    root = written(
        tmp_path / "root",
        {
            "main.tf": "",
            "notes.txt": "",
            "terraform.tfstate": "{}",
            ".terraform.lock.hcl": "",
            ".terraform/providers/some/provider": "",
            ".terraform/modules/unused/main.tf": "",
            ".git/config": "",
        },
    )
    sandbox = copy_configuration(root, tmp_path / "copy")
    assert names(sandbox.root_module) == {"main.tf", "notes.txt", OVERRIDE}


def test_modules_and_files_outside_keep_their_place(tmp_path: Path) -> None:
    top = written(
        tmp_path / "top",
        {
            "live/dev/main.tf": 'module "a" { source = "../../modules/a" }\n'
            'locals { text = file("${path.module}/../shared.txt") }',
            "live/shared.txt": "",
            "live/prod/main.tf": "",
            "modules/a/main.tf": 'module "b" { source = "../b" }',
            "modules/b/main.tf": "",
            "modules/c/main.tf": "",
        },
    )
    sandbox = copy_configuration(top / "live" / "dev", tmp_path / "copy")
    assert sandbox.root_module == tmp_path / "copy" / "live" / "dev"
    assert names(sandbox.top) == {
        "live/dev/main.tf",
        f"live/dev/{OVERRIDE}",
        "live/shared.txt",
        "modules/a/main.tf",
        "modules/b/main.tf",
    }


def test_nothing_is_copied_from_outside_of_the_folder_named(tmp_path: Path) -> None:
    root = tmp_path / "private" / "root"
    for folder, text in {
        root: 'module "a" { source = "../beside" }\nlocals { b = file("../../outside/main.tf") }\n',
        tmp_path / "private" / "beside": "",
        tmp_path / "outside": "",
    }.items():
        folder.mkdir(parents=True)
        (folder / "main.tf").write_text(text)
    sandbox = copy_configuration(root, tmp_path / "copy", within=tmp_path / "private")
    copied = {str(file.relative_to(sandbox.top)) for file in sandbox.top.rglob("main.tf")}
    assert copied == {"root/main.tf", "beside/main.tf"}


def test_links_are_followed(tmp_path: Path) -> None:
    shared = written(tmp_path / "shared", {"main.tf": "# shared", "modules/a/main.tf": ""})
    root = written(tmp_path / "root", {"own.tf": ""})
    (root / "main.tf").symlink_to("../shared/main.tf")
    (root / "modules").symlink_to(shared / "modules")
    (root / "gone.tf").symlink_to("nowhere")
    sandbox = copy_configuration(root, tmp_path / "copy")
    assert names(sandbox.root_module) == {"main.tf", "modules/a/main.tf", "own.tf", OVERRIDE}
    assert (sandbox.root_module / "main.tf").read_text() == "# shared"
    assert not (sandbox.root_module / "main.tf").is_symlink()


def test_every_word_of_the_configuration_is_mentioned(tmp_path: Path) -> None:
    root = written(
        tmp_path / "root",
        {
            "main.tf": 'resource "aws_vpc" "a" {}\nmodule "x" { source = "example/x/aws" }',
            "more.tf.json": '{"data": {"aws_ami": {"b": {}}}}',
            "modules/a/main.tf": 'resource "random_pet" "c" {}',
            ".terraform/modules/x/main.tf": 'resource "null_resource" "d" {}',
            ".terraform/modules/modules.json": listed(x="registry.terraform.io/example/x/aws"),
            "notes.txt": 'resource "aws_sqs_queue" "e" {}',
        },
    )
    assert copy_configuration(root, tmp_path / "copy").mentioned_types() == {
        *("a", "b", "c", "d"),
        *("aws_ami", "aws_vpc", "data", "null_resource", "random_pet", "resource"),
        *("backend", "local", "terraform"),
    }


def test_a_configuration_in_json_alone_is_planned(configuration: Configuration) -> None:
    configuration.write('{"resource": {"aws_sqs_queue": {"a": {}}}}', "main.tf.json")
    assert configuration.plan().actions() == {"aws_sqs_queue.a": ["create"]}


def test_planning_leaves_the_user_s_folder_as_it_was(configuration: Configuration) -> None:
    configuration.write('resource "aws_sqs_queue" "a" {}')
    configuration.plan(after=[{}])
    assert names(configuration.folder) == {"main.tf"}


def test_the_local_backend_wins_over_overrides_of_the_user(configuration: Configuration) -> None:
    configuration.write('resource "aws_sqs_queue" "a" {}')
    configuration.write('terraform {\n  backend "s3" {}\n}', "backend_override.tf")
    configuration.write('terraform {\n  backend "s3" {}\n}', "z_override.tf")
    assert configuration.plan().actions() == {"aws_sqs_queue.a": ["create"]}
