"""Plan files in every wrapping are read; everything else is refused in one precise line."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.errors import PlanError
from policyscan.plan.decode import decode, printable_name, read_bytes

if TYPE_CHECKING:
    from pathlib import Path

PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "terraform_version": "1.11.4",
    "planned_values": {"root_module": {}},
    "resource_changes": [
        {"address": 'a.b["ü"]', "change": {"after": {"x": [1.5e3, -2, True, False, None, "\\😀"]}}}
    ],
}
MINIFIED = json.dumps(PLAN, separators=(",", ":"), ensure_ascii=False)
ESCAPED = json.dumps(PLAN)
PRETTY = json.dumps(PLAN, indent=2)
SECRET = "hunter2"  # noqa: S105 - stands for one; must never be echoed


def refusal(content: bytes | str, name: str = "plan.json") -> str:
    """The one line with which the content is refused, without its name."""
    with pytest.raises(PlanError) as refused:
        decode(content.encode() if isinstance(content, str) else content, name)
    message = str(refused.value)
    assert len(message.splitlines()) == 1
    assert message.startswith(f"{name}: ")
    assert SECRET not in message
    return message.removeprefix(f"{name}: ")


@pytest.mark.parametrize("text", [MINIFIED, ESCAPED, PRETTY, PRETTY.replace("\n", "\r\n")])
@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (b"", "utf-8"),
        (b"\xef\xbb\xbf", "utf-8"),
        (b"", "utf-16-le"),
        (b"\xff\xfe", "utf-16-le"),
        (b"", "utf-16-be"),
        (b"\xfe\xff", "utf-16-be"),
    ],
)
def test_a_plan_is_read_in_every_encoding_and_layout(text: str, mark: bytes, codec: str) -> None:
    assert decode(mark + text.encode(codec), "plan.json") == PLAN
    assert decode(mark + f"\r\n {text}\r\n\n".encode(codec), "plan.json") == PLAN


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "[command]/opt/terraform-bin show -json tfplan\n",
            '\n::debug::stdout: {"format_version":"1.2"}\n::set-output name=stdout::{%0A}\n',
        ),
        ("", "::debug::Terraform exited with code 0.\n"),
        ("\x1b[33mWarning: Provider development overrides are in effect\x1b[0m\n\n", ""),
        ("\x1b[31m╷\x1b[0m\n│ Warning: old\n│\n╵\n\x1b[0m", "\x1b[0m\n"),
        ("\x1b[0m", "\x1b[0m ::debug::stderr: \r\n"),
        ("2026-01-01T00:00:00Z [WARN]  slow\r\n[INFO] done\r\n\ufeff", "\r\n##[debug]end\r\n"),
    ],
)
@pytest.mark.parametrize("text", [MINIFIED, PRETTY])
def test_log_lines_around_the_plan_are_passed_over(before: str, text: str, after: str) -> None:
    for codec in ("utf-8", "utf-16-le"):
        assert decode((before + text + after).encode(codec), "plan.json") == PLAN


@pytest.mark.parametrize("key", ["plan", "tfplan"])
def test_the_only_plan_in_an_envelope_is_taken_out(key: str) -> None:
    assert decode(json.dumps({key: PLAN, "run": {"id": "run-1"}}).encode(), "input.json") == PLAN


def test_two_plans_in_an_envelope_are_refused() -> None:
    message = refusal(json.dumps({"plan": PLAN, "tfplan": PLAN}))
    assert message.startswith("format_version is missing")


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0", "1.2", "1.3", "1.9999"])
def test_every_format_version_up_to_the_next_major_is_read(version: str) -> None:
    plan = PLAN | {"format_version": version}
    assert decode(json.dumps(plan).encode(), "plan.json") == plan


@pytest.mark.parametrize("version", ["0.0", "2.0", "10.1"])
def test_another_major_format_version_is_refused(version: str) -> None:
    message = refusal(json.dumps(PLAN | {"format_version": version}))
    assert message.startswith(f"format_version {version} is not supported, 0.1 to 1.x are;")


@pytest.mark.parametrize(
    "version",
    [1.2, 1, None, [], {}, "", "1", "1.2 ", "1.2\n", "v1.2", "1.2.3", "\uff11.\uff12", SECRET],
)
def test_a_format_version_of_another_shape_is_refused(version: object) -> None:
    message = refusal(json.dumps(PLAN | {"format_version": version}))
    assert message.startswith('format_version is not a string such as "1.2";')


def test_a_plan_without_format_version_is_refused_naming_the_field() -> None:
    plan = {key: field for key, field in PLAN.items() if key != "format_version"}
    assert refusal(json.dumps(plan)).startswith("format_version is missing")


@pytest.mark.parametrize("absent", ["planned_values", "resource_changes"])
def test_either_part_that_only_plans_have_makes_a_plan(absent: str) -> None:
    plan = {key: field for key, field in PLAN.items() if key != absent}
    assert decode(json.dumps(plan).encode(), "plan.json") == plan


HCL = 'resource "aws_iam_policy" "p" {\n  policy = <<EOF\n{\n  "Version": "x"\n}\nEOF\n}\n'
HUMAN = "\n\x1b[1mTerraform used the selected providers to generate the following execution\n"

LOOK_ALIKES = [
    ("a state (`terraform show -json`", {"format_version": "1.0", "values": {"x": SECRET}}),
    ("a state (`terraform show -json`", {"format_version": "4.0", "values": {}}),
    ("an empty state", {"format_version": "1.0"}),
    ("an empty state", {"format_version": "1.0", "terraform_version": "1.11.4"}),
    ("a raw state file", {"version": 4, "serial": 1, "lineage": SECRET, "resources": []}),
    ("a raw state file", {"version": 3, "serial": 1, "lineage": SECRET, "modules": []}),
    ("a raw state file", {"version": 1, "serial": 1, "modules": []}),
    ("a provider schema", {"format_version": "1.0", "provider_schemas": {}}),
    ("what `terraform validate", {"format_version": "1.0", "valid": True, "diagnostics": []}),
    ("what `terraform metadata", {"format_version": "1.0", "function_signatures": {}}),
    ("what `terraform version", {"terraform_version": "1.11.4", "provider_selections": {}}),
    ("what `terraform modules", {"format_version": "1.0", "modules": []}),
    ("what `terraform output", {"k": {"sensitive": True, "type": "string", "value": SECRET}}),
    ("the JSON lines that", '{"@level":"info","@message":"x"}\n{"@level":"info","@message":"y"}\n'),
    ("a redacted plan of HCP", {"plan_format_version": "1.1", "resource_changes": []}),
    ("a state that OpenTofu", {"encryption_version": "v0", "encrypted_data": "", "lineage": ""}),
    ("a saved plan or state that", {"encryption_version": "v0", "encrypted_data": "", "meta": {}}),
    ("an answer of the HCP", {"data": {"id": "plan-1", "type": "plans", "attributes": {}}}),
    ("a SARIF report", {"$schema": "x", "version": "2.1.0", "runs": []}),
    ("a report of Checkov", {"check_type": "terraform", "results": {}}),
    ("a report of Checkov", {"passed": 0, "checkov_version": "3.2.0"}),
    ("reports of Checkov", [{"check_type": "terraform", "results": {}}]),
    ("a report of Trivy", {"SchemaVersion": 2, "ArtifactName": ".", "Results": []}),
    ("a report of Infracost", {"version": "0.2", "projects": [], "totalMonthlyCost": "0"}),
    ("a report of a scanner", {"results": [{"long_id": "x"}]}),
    ("a report of policyscan", {"schema_version": "1", "verdicts": [], "plan": {"path": "x"}}),
    ("a CloudFormation template", {"AWSTemplateFormatVersion": "2010-09-09"}),
    ("a CloudFormation template", {"Resources": {}}),
    ("an IAM policy", {"Version": "2012-10-17", "Statement": []}),
    ("Terraform configuration", {"resource": {"aws_vpc": {}}}),
    ("Terraform configuration", {"format_version": "1.0", "configuration": {}}),
    ("format_version is missing", {}),
    ("format_version is missing", {"hello": SECRET}),
    ("a JSON object with neither planned_values", {"format_version": "1.0", "x": SECRET}),
    ("a JSON array of plans", [PLAN, PLAN]),
    ("a JSON array", []),
    ("a JSON array", f'[\n{{"x": "{SECRET}"}}\n]'),
    ("a single JSON value", f'"{SECRET}"'),
    ("a single JSON value", "12\n"),
    ("a single JSON value", "null"),
    ("an empty file", b""),
    ("only white space", b" \r\n\t"),
    ("only white space", b"\xff\xfe"),
    ("the text `terraform plan`", HUMAN),
    ("the text `terraform plan`", HUMAN.encode("utf-16")),
    ("the text `terraform plan`", f"\naws_vpc.v: Refreshing state... [id={SECRET}]\n"),
    ("the text `terraform plan`", "\nNo changes. Your infrastructure matches.\n"),
    ("the text `terraform plan`", "OpenTofu will perform the following actions:\n"),
    ("the text `terraform plan`", "x\n" * 99_999 + "Plan: 1 to add, 0 to change\n"),
    ("the text `terraform plan`", HUMAN + '{\n "Version": "x"\n}\n'),
    ("the text `terraform plan`", HUMAN + '{\n "Version": x\n}\n'),
    ("the text `terraform show`", '# terraform_data.a:\nresource "terraform_data" "a" {\n}\n'),
    ("an error message", "\x1b[31m╷\x1b[0m\n│ \x1b[1mError: Failed to load plugin schemas\n╵\n"),
    ("Terraform configuration (HCL)", HCL),
    ("Terraform configuration (HCL)", HCL.replace('"x"', "x")),
    ("Terraform configuration (HCL)", "# all\nlocals {\n}\n"),
    ("a CloudFormation template", "Resources:\n  V:\n    Type: AWS::EC2::VPC\n"),
    ("a YAML file", f"password: {SECRET}\n"),
    ("a YAML file", "---\n- a\n"),
    ("a Sentinel mock", 'terraform_version = "1.11.4"\n\nplanned_values = {\n}\n'),
    ("a Git LFS pointer", "version https://git-lfs.example/spec/v1\noid sha256:00\n"),
    ("a graph", "digraph G {\n}\n"),
    ("an HTML or XML page", "<!DOCTYPE html><title>Sign in</title>"),
    ("not JSON: no line starts", f"{SECRET}\n"),
    ("a saved binary plan", b"PK\x03\x04" + bytes(26) + b"tfplan" + bytes(99)),
    ("a zip archive", b"PK\x03\x04" + bytes(26) + b"other" + bytes(99)),
    ("a saved plan of Terraform before 0.12", b"tfplan\x02rest"),
    ("a gzip file", gzip.compress(b"{}", mtime=0)),
    ("not a text: byte 1 is no UTF-8", b"{\xff}"),
]


@pytest.mark.parametrize(("expected", "content"), LOOK_ALIKES)
def test_a_look_alike_is_refused_saying_what_it_is(expected: str, content: object) -> None:
    shaped = content if isinstance(content, bytes | str) else json.dumps(content)
    message = refusal(shaped)
    assert message[: len(expected)] == expected
    assert "; " in message


def test_a_saved_plan_is_refused_with_the_command_that_turns_it_into_json() -> None:
    message = refusal(b"PK\x03\x04" + bytes(26) + b"tfplan")
    assert "`terraform show -json FILE > plan.json`" in message


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [MINIFIED, ESCAPED])
def test_a_plan_cut_at_any_byte_is_refused_naming_the_byte(text: str, codec: str) -> None:
    content = text.encode(codec)
    # Of UTF-16 BE the first byte alone is a zero: not yet a text.
    for length in range(1 if codec == "utf-8" else 2, len(content)):
        message = refusal(content[:length])
        assert message.startswith(f"cut off: the file ends at byte {length} "), content[:length]


@pytest.mark.parametrize("token", ["-", "1.", "1e", "1E+", "1.5e-", "t", "fals", "nu", '"', '"\\'])
def test_a_plan_cut_inside_a_token_is_refused_naming_the_byte(token: str) -> None:
    content = (MINIFIED[:-1] + ',"x":' + token).encode()
    assert refusal(content).startswith(f"cut off: the file ends at byte {len(content)} ")


def test_a_cut_plan_behind_log_lines_is_refused_naming_the_byte() -> None:
    content = ("Warning: old\naws_vpc.v: Refreshing state...\n" + MINIFIED[:-9]).encode()
    assert refusal(content).startswith(f"cut off: the file ends at byte {len(content)} ")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_malformed_json_is_refused_naming_byte_and_line(codec: str) -> None:
    start = '{\n"ü": '
    position = len(start.encode(codec))
    message = refusal((start + f"{SECRET}}}").encode(codec))
    assert message.startswith(f"not valid JSON at byte {position} (line 2);")


@pytest.mark.parametrize(
    "rest",
    ["{}", "\n{}", "}", "\n}", ",", '\n"x"', "\n[]", "\n[true]", "\x00", "log", "\nlog\n]"],
)
def test_json_followed_by_more_than_log_lines_is_refused(rest: str) -> None:
    message = refusal(MINIFIED + rest)
    assert message.startswith(f"the JSON ends at byte {len(MINIFIED.encode())}, yet more than log")


@pytest.mark.parametrize("before", ["[\n", "{\n", '"x": \n', "log\n},\n", "log\n]\n"])
def test_json_behind_more_than_log_lines_is_refused(before: str) -> None:
    refusal(before + MINIFIED)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('{"format_version":"1.2",' + MINIFIED[1:], "format_version"),
        (
            MINIFIED.replace('"change":{', '"change":{"after":{},'),
            "resource_changes[0].change.after",
        ),
        (MINIFIED.replace('{"x":', '{"x":1,"x":'), "resource_changes[0].change.after"),
        (MINIFIED[:-1] + ',"a":{"b c":[0,{"k":1,"k":1}]}}', "a['b c'][1].k"),
        (MINIFIED[:-1] + ',"a":{"k":1,"k":1},', "a key"),
    ],
)
def test_a_key_given_twice_is_refused_naming_its_place_and_no_value(
    content: str, place: str
) -> None:
    assert refusal(content).startswith(
        f"{place} is given twice, and nothing says which one counts;"
    )


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_number_json_does_not_have_is_refused(constant: str) -> None:
    message = refusal(MINIFIED[:-1] + f',"x":{constant}}}')
    assert message.startswith("not valid JSON: it holds NaN or Infinity;")


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    message = refusal(MINIFIED[:-1] + ',"x":' + "9" * 5000 + "}")
    assert message.startswith("a number too long for a plan;")


@pytest.mark.parametrize("number", ["1e999", "-1e400", "9" * 400 + ".0"])
def test_a_number_too_large_for_a_float_is_refused(number: str) -> None:
    message = refusal(MINIFIED[:-1] + f',"x":{number}}}')
    assert message.startswith("a number too long for a plan;")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"x":', "}")])
@pytest.mark.parametrize("depth", [256, 900, 5000, 100_000])
def test_json_nested_too_deeply_is_refused(opening: str, closing: str, depth: int) -> None:
    nested = opening * depth + "1" + closing * depth
    message = refusal(MINIFIED[:-1] + f',"x":{nested}}}')
    assert message.startswith("JSON nested too deeply for a plan;")
    refusal(nested)
    refusal(opening * depth)


def test_json_nested_as_deeply_as_readers_go_is_read() -> None:
    nested = "[" * 255 + "]" * 255
    assert "x" in decode((MINIFIED[:-1] + f',"x":{nested}}}').encode(), "plan.json")


@pytest.mark.parametrize("escapes", ["\\ud83d\\ude00", "\\uD83D\\uDE00", "\\\\ud83d"])
def test_escapes_that_make_whole_characters_are_read(escapes: str) -> None:
    plan = decode((MINIFIED[:-1] + f',"x":"{escapes}"}}').encode(), "plan.json")
    assert plan["x"] == json.loads(f'"{escapes}"')


@pytest.mark.parametrize(
    "escapes", ["\\ud83d", "\\uDE00", "\\ud83dx", "\\ude00\\ud83d", "\\\\\\ud800"]
)
def test_an_escape_that_makes_half_a_character_is_refused(escapes: str) -> None:
    start = MINIFIED[:-1] + ',"x":"'
    position = len(start.encode()) + (2 if escapes.startswith("\\\\") else 0)
    message = refusal(start + f'{escapes}"}}')
    assert message.startswith(f"half a character (a lone surrogate) at byte {position};")


def test_a_name_cannot_command_the_terminal() -> None:
    name = "a\x1b[2J\n\u202eb\udcff ü.json"
    assert printable_name(name) == r"a\x1b[2J\n\u202eb\udcff ü.json"
    with pytest.raises(PlanError) as refused:
        decode(b"", name)
    assert str(refused.value).startswith(r"a\x1b[2J\n\u202eb\udcff ü.json: an empty file")
    with pytest.raises(PlanError) as refused:
        read_bytes(name)
    assert str(refused.value) == r"a\x1b[2J\n\u202eb\udcff ü.json: no such file; check the path"


def unread(path: Path | str, limit: int = 1000) -> str:
    """The one line with which a file is not read, without its name."""
    with pytest.raises(PlanError) as refused:
        read_bytes(str(path), limit=limit)
    message = str(refused.value)
    assert len(message.splitlines()) == 1
    return message.removeprefix(f"{path}: ")


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "plan.gz"
    path.write_bytes(b"{}\r\n")
    assert read_bytes(str(path)) == b"{}\r\n"


def test_a_gzip_file_is_unpacked_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(gzip.compress(b"{", mtime=0) + gzip.compress(b"}", mtime=0))
    assert read_bytes(str(path)) == b"{}"


def test_a_file_that_is_not_there_or_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert unread(tmp_path / "none") == "no such file; check the path"
    assert unread(tmp_path) == "a folder, not a plan; give the plan file in it"
    assert unread(tmp_path / "file" / "x").startswith("cannot be read (Not a directory); ")
    with pytest.raises(PlanError) as refused:
        read_bytes("a\x00b")
    assert str(refused.value) == r"a\x00b: cannot be opened; check the path"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.touch(mode=0)
    assert unread(path).startswith("cannot be read (Permission denied); ")


def test_a_broken_gzip_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json.gz"
    packed = gzip.compress(b"{}" * 9, mtime=0)
    path.write_bytes(packed[:-9])
    assert unread(path).startswith("the gzip file is cut off;")
    for damaged in (packed[:-4] + b"\x00\x00\x00\x01", packed[:10] + b"\xff" * 30, packed + b"x"):
        path.write_bytes(damaged)
        assert unread(path).startswith("the gzip file is damaged;")


def test_a_file_too_large_when_unpacked_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(gzip.compress(bytes(1000)))
    assert read_bytes(str(path), limit=1000) == bytes(1000)
    assert unread(path, limit=999).startswith("more than 999 bytes, unpacked;")
    path.write_bytes(bytes(1000))
    assert unread(path, limit=999).startswith("more than 999 bytes, unpacked;")


READ_STDIN = "import sys; from policyscan.plan.decode import *; sys.stdout.buffer.write({})"


@pytest.mark.parametrize("piped", [b"{}\r\n", gzip.compress(b"{}\r\n", mtime=0)])
def test_a_dash_reads_standard_input(piped: bytes) -> None:
    command = [sys.executable, "-c", READ_STDIN.format("read_bytes('-')")]
    assert subprocess.run(command, input=piped, capture_output=True, check=True).stdout == b"{}\r\n"


def test_a_closed_standard_input_is_refused() -> None:
    script = '"$0" -c "$1" <&-'
    command = ["sh", "-c", script, sys.executable, READ_STDIN.format("read_bytes('-')")]
    last = subprocess.run(command, capture_output=True, check=False).stderr.splitlines()[-1]
    expected = b"policyscan.errors.PlanError: standard input: closed; give the path of the plan"
    assert last == expected


@pytest.mark.parametrize("padding", [" ", "\n", "\x1b[0m ", "{\n", "# a:\n", "locals \n"])
def test_a_million_characters_of_padding_do_not_hold_up_a_refusal(padding: str) -> None:
    padded = padding * (1_000_000 // len(padding))
    # A pattern that backtracks would take from many seconds to hours.
    refusal(MINIFIED + padded + "}")
    refusal("x\n" + padded)


def decoded_or_refused(content: bytes) -> None:
    """Fail when anything but a plan or a one-line PlanError comes out."""
    try:
        plan = decode(content, "plan.json")
    except PlanError:
        refusal(content)
    else:
        assert isinstance(plan["format_version"], str)
        json.dumps(plan, ensure_ascii=False).encode()


@given(st.binary())
def test_of_any_bytes_comes_a_plan_or_a_refusal(content: bytes) -> None:
    decoded_or_refused(content)


@given(
    st.text(alphabet='{}[]":,\\un\r\n\x1b \ufeffd8@a0-.eE+'), st.sampled_from(["utf-8", "utf-16"])
)
def test_of_any_text_of_json_characters_comes_a_plan_or_a_refusal(text: str, codec: str) -> None:
    decoded_or_refused(text.encode(codec))


@given(
    st.sampled_from([MINIFIED, ESCAPED, PRETTY]),
    st.sampled_from(["utf-8", "utf-16-le", "utf-16"]),
    st.integers(0, 2**20),
    st.integers(0, 7),
)
def test_of_a_plan_with_a_flipped_bit_comes_a_plan_or_a_refusal(
    text: str, codec: str, position: int, bit: int
) -> None:
    content = bytearray(text.encode(codec))
    content[position % len(content)] ^= 1 << bit
    decoded_or_refused(bytes(content))


@given(
    st.sampled_from([shape for _, shape in LOOK_ALIKES if not isinstance(shape, bytes)]),
    st.text(),
    st.text(),
)
def test_a_refusal_never_shows_what_the_file_holds(shape: object, before: str, after: str) -> None:
    text = shape if isinstance(shape, str) else json.dumps(shape)
    decoded_or_refused((before + SECRET + text + SECRET + after).encode())
    decoded_or_refused((before + "\n" + text + SECRET + after).encode())


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.integers()
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]),
    st.sampled_from([None, 2]),
)
def test_whatever_a_plan_holds_is_read_as_it_was_written(
    held: object, codec: str, indent: int | None
) -> None:
    plan = PLAN | {"variables": {"v": {"value": held}}}
    assert decode(json.dumps(plan, indent=indent).encode(codec), "plan.json") == plan
