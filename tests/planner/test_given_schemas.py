"""Schemas that the user gives, and those of the providers installed in the folder."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from policyscan.errors import PlannerError
from policyscan.plan import read_plan
from policyscan.plan.replay import enriched
from policyscan.planner import make_plan
from policyscan.planner.replay import replay
from policyscan.planner.request import Inputs, Request
from tests.planner.conftest import Planned
from tests.planner.installed_provider import Installed, install

if TYPE_CHECKING:
    from pathlib import Path

    from tests.planner.conftest import Configuration

ADDRESS = "registry.acme.example/acme/shop"


def text(**flags: bool) -> dict[str, Any]:
    return {"type": "string", "description_kind": "plain", **flags}


def nested(nesting: str) -> dict[str, Any]:
    members = {"name": text(required=True), "made": text(optional=True, computed=True)}
    return {"nested_type": {"attributes": members, "nesting_mode": nesting}, "optional": True}


SHELF = {
    "version": 3,
    "block": {
        "attributes": {
            "id": text(computed=True),
            "secret_wo": text(optional=True, write_only=True),
            "free": {"type": "dynamic", "optional": True},
            **{nesting: nested(nesting) for nesting in ("single", "list", "set", "map")},
        },
        "block_types": {
            "limits": {
                "nesting_mode": "group",
                "block": {"attributes": {"most": text(optional=True)}},
            }
        },
    },
}
SCHEMA = {
    "format_version": "1.0",
    "provider_schemas": {
        ADDRESS: {
            "provider": {"version": 0, "block": {"attributes": {"token": text(optional=True)}}},
            "resource_schemas": {"shop_shelf": SHELF},
            "data_source_schemas": {
                "shop_owner": {"block": {"attributes": {"name": text(required=True),
                                                        "of": {"type": "dynamic", "optional": True},
                                                        "mail": text(computed=True)}}}
            },
        },
        "registry.opentofu.org/hashicorp/null": {
            "resource_schemas": {
                "null_resource": {"block": {"attributes": {"id": text(computed=True),
                                                           "own": text(optional=True)}}}
            },
        },
    },
}  # fmt: skip

CONFIGURATION = f"""
terraform {{
  required_providers {{ shop = {{ source = "{ADDRESS}" }} }}
}}
provider "shop" {{ token = "x" }}
data "shop_owner" "o" {{
  name = "ann"
  of   = [1, "b"]
}}
resource "shop_shelf" "s" {{
  secret_wo = "hidden"
  free      = {{ a = [1, "b"] }}
  single    = {{ name = "one" }}
  list      = [{{ name = "first" }}, {{ name = "second", made = "told" }}]
  set       = [{{ name = "any" }}]
  map       = {{ key = {{ name = var.name }} }}
  limits {{ most = "9" }}
}}
variable "name" {{ default = "of key" }}
output "mail" {{ value = data.shop_owner.o.mail }}
"""


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(SCHEMA))
    return file


def planned(configuration: Configuration, request: Request) -> Planned:
    outcome = make_plan(configuration.folder, request)
    return Planned(outcome, json.loads(outcome.plan_json))


def test_a_provider_is_planned_with_a_given_schema(
    configuration: Configuration, schema: Path
) -> None:
    configuration.write(CONFIGURATION)
    plan = planned(configuration, Request(schemas=(schema,)))
    change = plan.change("shop_shelf.s")
    assert change["after"] == {
        "free": {"a": [1, "b"]},
        "limits": {"most": "9"},
        "list": [{"name": "first"}, {"made": "told", "name": "second"}],
        "map": {"key": {"name": "of key"}},
        "secret_wo": None,
        "set": [{"name": "any"}],
        "single": {"name": "one"},
    }
    assert change["after_unknown"] == {
        "free": {"a": [False, False]},
        "id": True,
        "limits": {},
        "list": [{"made": True}, {}],
        "map": {"key": {"made": True}},
        "set": [{"made": True}],
        "single": {"made": True},
    }
    assert plan.outcome.stand_ins == ("data.shop_owner.o",)
    assert plan.output("mail").startswith("shop-owner-mail-")


def test_what_a_nested_attribute_was_made_stays(configuration: Configuration, schema: Path) -> None:
    configuration.write(CONFIGURATION)
    request = Request(
        inputs=Inputs({"name": "other"}), after=(Inputs({"name": "this"}),), schemas=(schema,)
    )
    change = planned(configuration, request).change("shop_shelf.s")
    assert change["actions"] == ["update"]
    assert (change["before"]["map"], change["after"]["map"]) == (
        {"key": {"made": None, "name": "this"}},
        {"key": {"made": None, "name": "other"}},
    )
    assert change["before"]["list"] == change["after"]["list"]


def test_a_given_schema_wins_over_the_one_kept(configuration: Configuration, schema: Path) -> None:
    configuration.write('resource "null_resource" "n" { own = "x" }')
    change = planned(configuration, Request(schemas=(schema,))).change("null_resource.n")
    assert change["after"] == {"own": "x"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "not a provider schema: Input data was truncated"),
        ("[]", "not a provider schema: Expected `object`, got `array`"),
        ('{"provider_schemas": {"aws": {}}}', "'aws' is no address like HOST/NAMESPACE/NAME"),
        ('{"deep": ' + "[" * 100_000, "maximum recursion depth exceeded"),
        ('{"provider_schemas": {"a": 1}}', "Expected `object`, got `int` - at `$.provider_schemas"),
        (
            json.dumps({"provider_schemas": {ADDRESS: {"resource_schemas": {"shop_shelf": {
                "block": {"attributes": {"id": {"type": ["lots", "string"]}}}}}}}}),
            "shop_shelf: the type of an attribute is none of Terraform's - at `$.block.attributes",
        ),
        (
            json.dumps({"provider_schemas": {ADDRESS: {"resource_schemas": {"shop_shelf": {
                "block": {"block_types": {"b": {"nesting_mode": "heap", "block": {}}}}}}}}}),
            "shop_shelf: Invalid enum value 'heap'",
        ),
    ],
)  # fmt: skip
def test_a_malformed_schema_file_is_told(
    configuration: Configuration, tmp_path: Path, content: str, told: str
) -> None:
    configuration.write(CONFIGURATION)
    file = tmp_path / "bad.json"
    file.write_text(content)
    with pytest.raises(PlannerError) as caught:
        make_plan(configuration.folder, Request(schemas=(file,)))
    message = str(caught.value)
    assert message.startswith(f"{file}: not a provider schema: ")
    assert told in message
    assert "`terraform providers schema -json`" in message
    assert "\n" not in message


def test_a_schema_file_that_is_not_there_is_told(
    configuration: Configuration, tmp_path: Path
) -> None:
    configuration.write(CONFIGURATION)
    with pytest.raises(PlannerError, match=r"none\.json: No such file"):
        make_plan(configuration.folder, Request(schemas=(tmp_path / "none.json",)))


def test_a_plan_is_replayed_with_the_schema_it_was_made_with(
    configuration: Configuration, schema: Path
) -> None:
    configuration.write(
        CONFIGURATION + 'resource "terraform_data" "t" { input = shop_shelf.s.single.made }'
    )
    outcome = make_plan(configuration.folder, Request(schemas=(schema,)))
    plan = read_plan(outcome.plan_json, "plan.json")
    with pytest.raises(PlannerError, match=f"no schema of provider {ADDRESS} is known offline"):
        replay(plan, configuration.folder, seconds=60)
    new = enriched(
        plan, replay(plan, configuration.folder, seconds=60, request=Request(schemas=(schema,)))
    )
    assert new.resources != plan.resources


# -- the providers installed in the folder -------------------------------------------------------


@pytest.fixture
def installed(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Installed:
    """The configuration above, initialised with a provider that serves its schema."""
    alone = {ADDRESS: SCHEMA["provider_schemas"][ADDRESS]}  # type: ignore[index]
    file = tmp_path / "served.json"
    file.write_text(json.dumps({"provider_schemas": alone}))
    provider = install(tmp_path / "installed", ADDRESS, file, {"shop_shelf", "shop_owner"})
    configuration.write(CONFIGURATION)
    provider.initialise(configuration.folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return provider


def of_installed(configuration: Configuration) -> Planned:
    # The provider of these tests speaks no TLS.
    return planned(configuration, Request(environment={"TF_DISABLE_PLUGIN_TLS": "1"}))


def files(folder: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()}


def test_an_installed_provider_is_asked_once(
    configuration: Configuration, installed: Installed, tmp_path: Path
) -> None:
    before = files(configuration.folder)
    first = of_installed(configuration)
    started = installed.starts()
    assert started > 0
    assert first.change("shop_shelf.s")["after_unknown"]["single"] == {"made": True}
    assert of_installed(configuration).document == first.document
    assert installed.starts() == started
    assert files(configuration.folder) == before

    (kept,) = (tmp_path / "cache" / "policyscan" / "schemas").iterdir()
    for content in (b"", b"\x1f\x8bnonsense", gzip.compress(b"{"), gzip.compress(b"[" * 100_000)):
        kept.write_bytes(content)
        assert of_installed(configuration).document == first.document
    assert installed.starts() > started


@pytest.mark.usefixtures("installed")
def test_a_changed_lock_asks_again(configuration: Configuration, tmp_path: Path) -> None:
    of_installed(configuration)
    lock = configuration.folder / ".terraform.lock.hcl"
    lock.write_text(lock.read_text().replace("h1:", "h1:x"))
    with pytest.raises(PlannerError, match=r"run `terraform init` there again, or remove"):
        of_installed(configuration)
    assert len(list((tmp_path / "cache" / "policyscan" / "schemas").iterdir())) == 1


def test_a_given_schema_wins_over_the_one_installed(
    configuration: Configuration, installed: Installed, schema: Path
) -> None:
    planned(configuration, Request(schemas=(schema,)))
    assert installed.starts() == 0


@pytest.mark.parametrize(
    "git", ["looks", "is told of another folder by a hook", "refuses", "is not"]
)
def test_a_provider_that_was_committed_is_not_run(
    configuration: Configuration, installed: Installed, git: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in (("init", "-q"), ("add", "-f", ".terraform")):
        command = ["git", *arguments]
        subprocess.run(command, cwd=configuration.folder, check=True)
    if git == "refuses":
        # As it does where the repository is another user's.
        configuration.write("[core]\n\trepositoryformatversion = 99\n", ".git/config")
    elif git == "is not":
        monkeypatch.setattr("policyscan.planner.git.shutil.which", _without_git)
    elif "hook" in git:
        monkeypatch.setenv("GIT_INDEX_FILE", str(configuration.folder / "another"))
    with pytest.raises(PlannerError, match=f"no schema of provider {ADDRESS} is known offline"):
        of_installed(configuration)
    assert installed.starts() == 0


def _without_git(name: str, found: Any = shutil.which) -> str | None:
    path: str | None = None if name == "git" else found(name)
    return path
