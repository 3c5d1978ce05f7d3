"""The utility providers: archive, local, null, random, time and tls."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shlex
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.planner import make_plan
from policyscan.planner.request import Inputs, Request
from policyscan.planner.utility import GENERATORS
from policyscan.planner.utility.derive import derived

if TYPE_CHECKING:
    from pathlib import Path

    from tests.planner.conftest import Configuration

ALL = """
resource "null_resource" "a" { triggers = { key = "value" } }
resource "random_bytes" "a" { length = 3 }
resource "random_id" "a" { byte_length = 4 }
resource "random_integer" "a" {
  min = 5
  max = 9
}
resource "random_password" "a" { length = 20 }
resource "random_pet" "a" {}
resource "random_shuffle" "a" { input = ["x", "y", "z"] }
resource "random_string" "a" {
  length  = 8
  special = false
}
resource "random_uuid" "a" {}
resource "time_offset" "a" { offset_days = 7 }
resource "time_rotating" "a" { rotation_days = 7 }
resource "time_sleep" "a" { create_duration = "10s" }
resource "time_static" "a" {}
resource "tls_private_key" "a" { algorithm = "RSA" }
resource "tls_self_signed_cert" "a" {
  private_key_pem       = tls_private_key.a.private_key_pem
  validity_period_hours = 12
  allowed_uses          = ["server_auth"]
  subject { common_name = "x" }
}
resource "local_file" "a" {
  filename = "${path.module}/out.txt"
  content  = "text"
}
"""


def test_what_they_compute_is_unknown_in_a_plan(configuration: Configuration) -> None:
    configuration.write(ALL)
    planned = configuration.plan()
    unknown = {
        "null_resource.a": "id",
        "random_id.a": "hex",
        "random_password.a": "result",
        "time_static.a": "rfc3339",
        "tls_private_key.a": "private_key_pem",
        "local_file.a": "content_sha256",
    }
    assert {
        address: planned.change(address)["after_unknown"][name] for address, name in unknown.items()
    } == dict.fromkeys(unknown, True)
    assert planned.change("random_password.a")["after"]["min_upper"] == 0


def test_nothing_changes_after_an_apply(configuration: Configuration) -> None:
    configuration.write(ALL)
    actions = configuration.plan(after=[{}]).actions()
    assert set(map(tuple, actions.values())) == {("no-op",)}
    assert len(actions) == 16


def test_a_changed_trigger_replaces(configuration: Configuration) -> None:
    configuration.write("""
      variable "key" {}
      resource "null_resource" "a" { triggers = { key = var.key } }
    """)
    change = configuration.plan({"key": "2"}, after=[{"key": "1"}]).change("null_resource.a")
    assert (change["actions"], change["replace_paths"]) == (["delete", "create"], [["triggers"]])


@pytest.mark.parametrize(
    ("kind", "planned", "name", "pattern"),
    [
        ("random_id", {"byte_length": 4, "prefix": "p-"}, "hex", r"p-[0-9a-f]{8}"),
        ("random_id", {"byte_length": 4}, "b64_url", r"[\w-]{6}"),
        ("random_bytes", {"length": 3}, "hex", r"[0-9a-f]{6}"),
        ("random_integer", {"min": 5, "max": 9}, "id", r"[5-9]"),
        ("random_pet", {"length": 3, "separator": "_", "prefix": "my"}, "id", r"my(_[a-z]+){3}"),
        ("random_password", {"length": 12}, "bcrypt_hash", r"\$2a\$10\$.{53}"),
        ("time_static", {"rfc3339": "2020-02-29T01:02:03Z"}, "rfc3339", r"2020-02-29T01:02:03Z"),
        ("time_offset", {"offset_days": 7}, "rfc3339", r"2000-01-08T00:00:00Z"),
        ("local_file", {"content": "text"}, "id", hashlib.sha1(b"text").hexdigest()),  # noqa: S324  # the id
        (
            "tls_private_key",
            {"algorithm": "RSA"},
            "private_key_pem",
            r"-----BEGIN RSA PRIVATE KEY-----\n[\w+/=\n]+-----END RSA PRIVATE KEY-----\n",
        ),
    ],
)
def test_applied_values_have_the_right_shape(
    kind: str, planned: dict[str, Any], name: str, pattern: str
) -> None:
    assert re.fullmatch(pattern, GENERATORS[kind](planned, "seed")[name])


@given(
    length=st.integers(8, 40),
    least=st.integers(0, 2),
    lower=st.booleans(),
    upper=st.booleans(),
    seed=st.text(),
)
def test_a_random_string_keeps_its_length_classes_and_minima(
    *, length: int, least: int, lower: bool, upper: bool, seed: str
) -> None:
    planned = {
        "length": length,
        "lower": lower,
        "upper": upper,
        "numeric": True,
        "special": False,
        "min_numeric": least,
    }
    text = GENERATORS["random_string"](planned, seed)["result"]
    assert len(text) == length
    assert sum(character.isdigit() for character in text) >= least
    assert text.isalnum()
    assert lower or text.upper() == text
    assert upper or text.lower() == text
    assert GENERATORS["random_string"](planned, seed)["result"] == text


def test_an_archive_is_made_of_its_sources_and_can_be_read_by_the_configuration(
    configuration: Configuration,
) -> None:
    configuration.write("print()", "src/app.py")
    configuration.write("skip", "src/tests/test.py")
    configuration.write("""
      data "archive_file" "app" {
        type        = "zip"
        source_dir  = "${path.module}/src"
        excludes    = ["tests"]
        output_path = "${path.module}/build/app.zip"
      }
      output "hash" { value = data.archive_file.app.output_base64sha256 }
      output "read" { value = filebase64sha256(data.archive_file.app.output_path) }
      output "zip" { value = filebase64(data.archive_file.app.output_path) }
    """)
    planned = configuration.plan()
    assert planned.output("hash") == planned.output("read")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(planned.output("zip")))) as zipped:
        assert {name: zipped.read(name) for name in zipped.namelist()} == {"app.py": b"print()"}


def test_an_archive_is_never_written_outside_the_private_copy(
    configuration: Configuration,
) -> None:
    target = configuration.folder.parent / "escaped.zip"
    configuration.write(f"""
      data "archive_file" "app" {{
        type                    = "zip"
        source_content          = "x"
        source_content_filename = "x"
        output_path             = "{target}"
      }}
    """)
    configuration.plan()
    assert not target.exists()


def test_a_local_file_is_read_where_it_stands(configuration: Configuration) -> None:
    configuration.write("content", "notes.txt")
    configuration.write("""
      data "local_file" "notes" { filename = "${path.module}/notes.txt" }
      output "notes" { value = data.local_file.notes.content }
    """)
    assert configuration.plan().output("notes") == "content"


def test_the_parts_of_a_moment_that_is_told_are_planned(configuration: Configuration) -> None:
    configuration.write("""
      resource "time_static" "told" { rfc3339 = "2024-02-29T12:30:45+02:00" }
      resource "time_static" "now" {}
      resource "time_offset" "later" {
        base_rfc3339  = "2024-01-31T00:00:00Z"
        offset_months = var.months
      }
      variable "months" { default = 1 }
      output "told" { value = [time_static.told.unix, time_static.told.hour, time_static.told.id] }
    """)
    plan = configuration.plan()
    assert plan.output("told") == [1709202645, 12, "2024-02-29T12:30:45+02:00"]
    assert plan.change("time_static.now")["after_unknown"]["unix"] is True
    assert plan.change("time_offset.later")["after_unknown"]["rfc3339"] is True

    change = configuration.plan({"months": "13"}, after=[{}]).change("time_offset.later")
    assert (change["actions"], change["after_unknown"]) == (["update"], {})
    # February has 29 days that year and 28 in the next: the days beyond run over.
    assert change["before"]["rfc3339"] == "2024-03-02T00:00:00Z"
    assert change["after"]["rfc3339"] == "2025-03-03T00:00:00Z"


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        ({"days": 1, "hours": 2}, "2024-01-31T02:00:00Z"),
        ({"years": 1, "days": 30}, "2025-01-31T00:00:00Z"),
        ({"months": -2}, "2023-12-01T00:00:00Z"),
        ({"seconds": -1}, "2024-01-30T23:59:59Z"),
    ],
)
def test_of_several_offsets_the_last_unit_wins(offsets: dict[str, int], expected: str) -> None:
    planned: dict[str, Any] = {"base_rfc3339": "2024-01-31T00:00:00Z"}
    planned |= {f"offset_{unit}": count for unit, count in offsets.items()}
    assert GENERATORS["time_offset"](planned, "seed")["rfc3339"] == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [('keepers = { a = "1" }', 'keepers = { a = "2" }'), ("special = true", "special = false")],
)
def test_a_changed_keeper_or_argument_makes_another_secret(
    configuration: Configuration, before: str, after: str
) -> None:
    first = configuration.write(
        f'resource "random_password" "a" {{\n length = 20\n {before}\n}}', "../before/main.tf"
    )
    configuration.write(f'resource "random_password" "a" {{\n length = 20\n {after}\n}}')
    outcome = make_plan(configuration.folder, Request(after=(Inputs(configuration=first.parent),)))
    change = json.loads(outcome.plan_json)["resource_changes"][0]["change"]
    assert change["actions"] == ["delete", "create"]


def test_an_archive_is_the_same_each_time_and_its_digests_are_its_own(
    configuration: Configuration,
) -> None:
    configuration.write("print()", "src/app.py")
    configuration.write("""
      data "archive_file" "app" {
        type        = "zip"
        source_file = "${path.module}/src/app.py"
        output_path = "${path.module}/app.zip"
      }
      output "told" {
        value = [
          data.archive_file.app.output_sha, data.archive_file.app.output_md5,
          data.archive_file.app.output_sha256, data.archive_file.app.output_base64sha512,
        ]
      }
      output "of_file" {
        value = [
          filesha1(data.archive_file.app.output_path), filemd5(data.archive_file.app.output_path),
          filesha256(data.archive_file.app.output_path),
          filebase64sha512(data.archive_file.app.output_path),
        ]
      }
    """)
    first, second = configuration.plan(), configuration.plan()
    assert first.output("told") == first.output("of_file") == second.output("told")


KEYS = {
    "rsa": "openssl genrsa -traditional -out key 2048",
    "rsa in PKCS 8": "openssl genpkey -quiet -algorithm RSA -out key",
    "ec": "openssl ecparam -name secp384r1 -genkey -noout -out key",
    "ec in PKCS 8": "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key",
    "a curve OpenSSH lacks": "openssl ecparam -name secp224r1 -genkey -noout -out key",
    "rsa of OpenSSH": "ssh-keygen -q -t rsa -b 2048 -N '' -f key",
    "ec of OpenSSH": "ssh-keygen -q -t ecdsa -b 521 -N '' -f key",
    "ed25519 of OpenSSH": "ssh-keygen -q -t ed25519 -N '' -f key",
}


def printed(command: str, folder: Path) -> str:
    """What a command prints, nothing when it fails."""
    done = subprocess.run(
        shlex.split(command), cwd=folder, capture_output=True, check=False, text=True
    )
    return done.stdout if done.returncode == 0 else ""


@pytest.mark.skipif(
    not (shutil.which("openssl") and shutil.which("ssh-keygen")), reason="no other tool to ask"
)
@pytest.mark.parametrize("kind", KEYS)
def test_a_public_key_is_the_one_other_tools_derive(kind: str, tmp_path: Path) -> None:
    printed(KEYS[kind], tmp_path)
    text = (tmp_path / "key").read_text()
    argument = "private_key_openssh" if "OPENSSH" in text else "private_key_pem"
    told = derived({argument: text})
    assert told is not None

    line = " ".join(printed("ssh-keygen -y -f key", tmp_path).split()[:2])
    (tmp_path / "line").write_text(line)
    assert told["public_key_openssh"] == (line and f"{line}\n")
    for digest, name in (("md5", "md5"), ("sha256", "sha256")):
        shown = printed(f"ssh-keygen -l -E {digest} -f line", tmp_path)
        expected = shown.split()[1].removeprefix("MD5:") if shown else ""
        assert told[f"public_key_fingerprint_{name}"] == expected
    if "OpenSSH" in kind:
        expected = printed("ssh-keygen -e -m PKCS8 -f line", tmp_path)
    else:
        expected = printed("openssl pkey -in key -pubout", tmp_path)
    assert told["public_key_pem"] == (expected or told["public_key_pem"])
    names = {"rsa": "RSA", "ed25519": "ED25519"}
    assert told["algorithm"] == names.get(kind.partition(" ")[0], "ECDSA")


@given(st.binary(max_size=80), st.sampled_from(["RSA ", "EC ", "", "OPENSSH ", "NO "]))
def test_what_is_no_key_is_not_taken_for_one(content: bytes, kind: str) -> None:
    body = base64.b64encode(content).decode()
    text = f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----\n"
    assert derived({"private_key_pem": text}) is None


def test_a_known_key_is_told_and_another_made_up(configuration: Configuration) -> None:
    printed("openssl genrsa -traditional -out key.pem 2048", configuration.folder)
    configuration.write("""
      data "tls_public_key" "known" { private_key_pem = file("${path.module}/key.pem") }
      data "tls_public_key" "other" { private_key_pem = "none" }
      output "line" {
        value     = data.tls_public_key.known.public_key_openssh
        sensitive = true
      }
    """)
    plan = configuration.plan()
    assert plan.output("line") == printed("ssh-keygen -y -f key.pem", configuration.folder)
    assert plan.outcome.stand_ins == ("data.tls_public_key.other",)
