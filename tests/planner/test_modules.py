"""Modules that `terraform init` would download."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from policyscan.errors import PlannerError
from policyscan.planner import Request, make_plan
from policyscan.planner.modules.calls import module_calls
from policyscan.planner.modules.source import read_remote
from policyscan.planner.modules.versions import is_accepted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.planner.conftest import Configuration

VPC = "terraform-aws-modules/vpc/aws"
QUEUE = 'resource "aws_sqs_queue" "this" {}\n'


def call(name: str, source: str, version: str = "") -> str:
    asked = f'  version = "{version}"\n' if version else ""
    return f'module "{name}" {{\n  source = "{source}"\n{asked}}}\n'


def listed(*modules: tuple[str, str, str, str]) -> str:
    """A list of installed modules: key, source, version, folder."""
    entries = [
        {"Key": key, "Source": source, "Dir": place} | ({"Version": version} if version else {})
        for key, source, version, place in modules
    ]
    return json.dumps({"Modules": [{"Key": "", "Source": "", "Dir": "."}, *entries]})


def planned(folder: Path, **asked: object) -> dict[str, list[str]]:
    """Address -> actions."""
    outcome = make_plan(folder, Request(**asked))  # type: ignore[arg-type]
    changes = json.loads(outcome.plan_json)["resource_changes"]
    return {each["address"]: each["change"]["actions"] for each in changes}


def refused(folder: Path, **asked: object) -> str:
    with pytest.raises(PlannerError) as caught:
        planned(folder, **asked)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(folder), "ROOT").replace(str(folder.parent), "TOP")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def store(cache: Path, place: str, text: str = QUEUE) -> None:
    folder = cache / place
    folder.mkdir(parents=True)
    (folder / "main.tf").write_text(text)


@pytest.mark.parametrize(
    ("source", "package", "inner", "path", "ref"),
    [
        (VPC, f"registry.terraform.io/{VPC}", "", VPC, ""),
        (f"{VPC}//modules/x", f"registry.terraform.io/{VPC}", "modules/x", VPC, ""),
        (
            "app.terraform.io/acme/vpc/aws",
            "app.terraform.io/acme/vpc/aws",
            "",
            "app.terraform.io/acme/vpc/aws",
            "",
        ),
        (
            "git::https://u:p@example.com/net/vpc.git//a/b?ref=v1&depth=1",
            "git::https://u:p@example.com/net/vpc.git?ref=v1&depth=1",
            "a/b",
            "example.com/net/vpc",
            "v1",
        ),
        (
            "github.com/example/vpc//sub?ref=x",
            "git::https://github.com/example/vpc.git?ref=x",
            "sub",
            "github.com/example/vpc",
            "x",
        ),
        (
            "git@github.com:example/vpc.git",
            "git::ssh://git@github.com/example/vpc.git",
            "",
            "github.com/example/vpc",
            "",
        ),
        (
            "https://example.com/vpc.tar.gz",
            "https://example.com/vpc.tar.gz",
            "",
            "example.com/vpc",
            "",
        ),
        (
            "s3::https://s3-eu-west-1.amazonaws.com/example/vpc.zip",
            "s3::https://s3-eu-west-1.amazonaws.com/example/vpc.zip",
            "",
            "s3-eu-west-1.amazonaws.com/example/vpc",
            "",
        ),
    ],
)
def test_a_source_is_a_package_and_a_folder_in_it(
    source: str, package: str, inner: str, path: str, ref: str
) -> None:
    remote = read_remote(source)
    assert remote is not None
    assert (remote.package, remote.inner) == (package, inner)
    assert (remote.path, remote.ref) == (path, ref)


@pytest.mark.parametrize("source", ["/srv/vpc", "file:///srv/vpc", f"{VPC}//../../x", "vpc", ""])
def test_what_is_no_address_of_a_package_is_left_to_terraform(source: str) -> None:
    assert read_remote(source) is None


@pytest.mark.parametrize(
    ("version", "constraint", "is_taken"),
    [
        ("5.1.0", "", True),
        ("5.1.0", "5.1", True),
        ("5.1.0", "~> 5.0", True),
        ("6.0.0", "~> 5.0", False),
        ("5.2.0", "~> 5.1.0", False),
        ("6.0.0", "~> 5", True),
        ("5.10.0", ">= 5.9, < 6", True),
        ("5.1.0", "!= 5.1.0", False),
        ("5.1.0", "> 5.1", False),
        ("5.0.0-rc1", ">= 4", False),
        ("5.0.0-rc1", "5.0.0-rc1", True),
        ("main", "", False),
        ("5.1.0", "five", False),
    ],
)
def test_a_constraint_takes_versions_as_terraform_does(
    version: str, constraint: str, *, is_taken: bool
) -> None:
    assert is_accepted(version, constraint) == is_taken


def test_calls_are_read_whatever_stands_around_them(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        '# module "no" { source = "x/y/z" }\n'
        'locals {\n  text = <<-EOT\n    module "no" {\n      source = "x/y/z"\n    }\n  EOT\n}\n'
        'module "a" {\n  options = { source = "inner" }\n  name = "${var.x["}"]}"\n'
        '  source = "example/a/aws" // its source\n  version = "~> 1.0"\n}\n'
        'module "computed" { source = var.x }\nmodule b { source = "./b" }\n'
    )
    (tmp_path / "more.tf.json").write_text(
        '{"module": [{"c": {"source": "example/c/aws"}}, {"d": [{"source": "../d"}]}]}'
    )
    (tmp_path / "a_override.tf").write_text('module "a" { version = "2.0.0" }')
    (tmp_path / ".hidden.tf").write_text(call("hidden", "x/y/z"))
    found = [(each.name, each.source, each.version, each.line) for each in module_calls(tmp_path)]
    assert found == [
        ("a", "example/a/aws", "2.0.0", 9),
        ("b", "./b", "", 16),
        ("c", "example/c/aws", "", 1),
        ("d", "../d", "", 1),
    ]


def test_a_module_that_is_nowhere_is_named_with_its_source(configuration: Configuration) -> None:
    configuration.write("\n" + call("vpc", VPC, "~> 5.0"))
    assert refused(configuration.folder) == (
        f"ROOT/main.tf:2: module 'vpc' ({VPC}, ~> 5.0) is not installed, and offline nothing "
        "is downloaded; run `terraform init` in the folder first, its .terraform/modules is then "
        "used, or name a folder that holds it with --module-cache"
    )


def test_a_password_in_a_source_is_not_told(configuration: Configuration) -> None:
    configuration.write(call("vpc", "git::https://me:secret@example.com/vpc.git?ref=v1"))
    told = refused(configuration.folder)
    assert "(git::https://example.com/vpc.git?ref=v1)" in told
    assert "secret" not in told


def test_an_installed_module_is_taken_from_the_folder(configuration: Configuration) -> None:
    configuration.write(call("a", "terraform-aws-modules/sqs/aws", "4.0.0"))
    configuration.write(QUEUE, ".terraform/modules/a/main.tf")
    configuration.write(
        listed(
            (
                "a",
                "registry.terraform.io/terraform-aws-modules/sqs/aws",
                "4.0.0",
                ".terraform/modules/a",
            )
        ),
        ".terraform/modules/modules.json",
    )
    assert planned(configuration.folder) == {"module.a.aws_sqs_queue.this": ["create"]}


def test_an_installed_module_of_another_version_is_told(configuration: Configuration) -> None:
    configuration.write(call("vpc", VPC, "~> 5.0"))
    configuration.write(QUEUE, ".terraform/modules/vpc/main.tf")
    configuration.write(
        listed(("vpc", f"registry.terraform.io/{VPC}", "4.0.0", ".terraform/modules/vpc")),
        ".terraform/modules/modules.json",
    )
    assert "is not installed (at hand: 4.0.0), and" in refused(configuration.folder)


def test_modules_below_another_data_folder_are_found(
    configuration: Configuration, tmp_path: Path
) -> None:
    configuration.write(call("a", "git::https://example.com/a.git//inner?ref=v1"))
    configuration.write(QUEUE, "../data/modules/a/inner/main.tf")
    configuration.write(
        listed(
            ("a", "git::https://example.com/a.git//inner?ref=v1", "", "../data/modules/a/inner")
        ),
        "../data/modules/modules.json",
    )
    addresses = planned(configuration.folder, data_folder=str(tmp_path / "data"))
    assert addresses == {"module.a.aws_sqs_queue.this": ["create"]}


def test_a_cache_holds_packages_by_source_and_version(
    configuration: Configuration, cache: Path
) -> None:
    configuration.write(
        call("vpc", VPC, "~> 5.0")
        + call("inner", "github.com/example/queues//modules/one?ref=v1.2.0")
        + call("archive", "https://example.com/queue.zip")
    )
    for version in ("4.9.0", "5.2.0", "5.10.0", "6.0.0"):
        store(cache, f"{VPC}/{version}", f'output "it" {{ value = "{version}" }}\n')
    configuration.write('output "chosen" { value = module.vpc.it }', "outputs.tf")
    store(
        cache, "github.com/example/queues/v1.2.0/modules/one", 'module "two" { source = "../two" }'
    )
    store(cache, "github.com/example/queues/v1.2.0/modules/two", QUEUE)
    store(cache, "example.com/queue", QUEUE)
    outcome = make_plan(configuration.folder, Request(module_cache=cache))
    document = json.loads(outcome.plan_json)
    assert document["planned_values"]["outputs"]["chosen"]["value"] == "5.10.0"
    assert sorted(each["address"] for each in document["resource_changes"]) == [
        "module.archive.aws_sqs_queue.this",
        "module.inner.module.two.aws_sqs_queue.this",
    ]
    called = document["configuration"]["root_module"]["module_calls"]["vpc"]
    assert (called["source"], called["version_constraint"]) == (VPC, "~> 5.0")


def test_a_module_of_a_cache_may_call_others_of_it(
    configuration: Configuration, cache: Path
) -> None:
    configuration.write(call("outer", "example/outer/aws"))
    store(cache, "example/outer/aws/1.0.0", call("inner", "example/inner/aws", "2.0.0"))
    assert refused(configuration.folder, module_cache=cache) == (
        "ROOT/.terraform/modules/outer/main.tf:1: module 'inner' (example/inner/aws, 2.0.0) is "
        "not installed, and offline nothing is downloaded; run `terraform init` in the folder "
        "first, its .terraform/modules is then used, or put it into "
        "TOP/cache/example/inner/aws/VERSION"
    )
    store(cache, "example/inner/aws/2.0.0", QUEUE)
    assert planned(configuration.folder, module_cache=cache) == {
        "module.outer.module.inner.aws_sqs_queue.this": ["create"]
    }


def test_the_modules_folder_of_another_checkout_is_a_cache(
    configuration: Configuration, cache: Path
) -> None:
    configuration.write(call("mine", "terraform-aws-modules/iam/aws//modules/user", "~> 5.0"))
    store(cache, "theirs/modules/user", QUEUE)
    source = "registry.terraform.io/terraform-aws-modules/iam/aws//modules/user"
    place = ".terraform/modules/theirs/modules/user"
    (cache / "modules.json").write_text(listed(("theirs", source, "5.3.0", place)))
    assert planned(configuration.folder, module_cache=cache) == {
        "module.mine.aws_sqs_queue.this": ["create"]
    }


def test_a_ref_leads_nowhere_outside_of_the_cache(
    configuration: Configuration, cache: Path
) -> None:
    configuration.write(call("a", "git::https://example.com/a.git?ref=../../../other"))
    store(cache, "example.com/a/v1")
    store(cache.parent / "other", ".", QUEUE)
    assert "is not installed" in refused(configuration.folder, module_cache=cache)


@pytest.mark.parametrize("source", ["./.", "./inner", "example/self/aws"])
def test_a_module_that_is_part_of_itself_is_told(
    source: str, configuration: Configuration, cache: Path
) -> None:
    configuration.write(call("a", source))
    configuration.write(call("b", "../inner"), "inner/main.tf")
    store(cache, "example/self/aws/1.0.0", call("b", "./."))
    assert "calls a module that it is part of; give it another source" in refused(
        configuration.folder, module_cache=cache
    )


def test_a_broken_list_of_modules_is_told(configuration: Configuration) -> None:
    configuration.write(QUEUE)
    configuration.write('{"Modules": 1}', ".terraform/modules/modules.json")
    assert refused(configuration.folder) == (
        "ROOT/.terraform/modules/modules.json: is no list of modules; write it anew with "
        "`terraform init`"
    )
