"""The configuration inside a saved plan, unpacked without trusting the archive."""

from __future__ import annotations

import io
import json
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from policyscan.errors import PolicyscanError
from policyscan.plan.planfile import is_planfile, read_members
from policyscan.planner import Inputs, Request, make_plan
from policyscan.source import Source, read_source
from policyscan.source.snapshot import extract_snapshot
from tests.conftest import SavedPlan
from tests.planfiles import manifest, save_plan, zipped

ROOT_FILE = {"tfconfig/m-/main.tf": 'module "net" {\n  source = "../shared/net"\n}\n'}


def saved(folder: Path, members: Mapping[str, str | bytes]) -> Path:
    path = folder / "tfplan"
    path.write_bytes(zipped(members))
    return path


def extracted(folder: Path, members: Mapping[str, str | bytes]) -> Path:
    into = folder / "into"
    into.mkdir()
    return extract_snapshot(saved(folder, members), into)


def blocks(source: Source) -> dict[tuple[str, ...], list[str]]:
    return {path: sorted(module.blocks) for path, module in source.modules.items()}


def refusal(folder: Path, content: bytes) -> str:
    """The one line that refuses an archive, once it is sure that nothing was written."""
    path = folder / "tfplan"
    path.write_bytes(content)
    into = folder / "deep" / "into"
    into.mkdir(parents=True)
    before = sorted(folder.rglob("*"))
    with pytest.raises(PolicyscanError) as caught:
        extract_snapshot(path, into, named="tfplan")
    assert [each for each in sorted(folder.rglob("*")) if each not in before] == []
    [line] = str(caught.value).splitlines()
    assert str(folder) not in line
    assert line.isprintable()
    assert len(line) < 300
    return line


# -- what real Terraform saves -------------------------------------------------------------------


def test_the_unpacked_configuration_reads_as_the_folder_it_was_made_of(
    saved_plans: Callable[[str], SavedPlan], tmp_path: Path
) -> None:
    plan = saved_plans("reference")
    source = read_source(extract_snapshot(plan.path, tmp_path))
    found = blocks(source)
    # The planner's own override file came along.
    found[()].remove("terraform[1]")
    assert found == blocks(read_source(plan.configuration))
    assert source.unreadable == ()


def test_terraform_plans_the_unpacked_configuration_as_the_original(
    saved_plans: Callable[[str], SavedPlan], tmp_path: Path
) -> None:
    plan = saved_plans("reference_broken")
    root = extract_snapshot(plan.path, tmp_path)
    inputs = Inputs({"environmentSuffix": "dev", "services_enabled": "true"})
    assert make_plan(root, Request(inputs)).plan_json == plan.plan_json


FAMILY = {
    "live/app/main.tf": (
        'module "shared" {\n  source = "../../shared"\n}\n'
        'module "left" {\n  source = "./side"\n}\n'
        'module "right" {\n  source = "./side"\n}\n'
    ),
    "live/app/side/main.tf": 'module "leaf" {\n  source = "../../../shared/leaf"\n}\n',
    "live/app/side/more.tf.json": '{"resource": {"aws_sqs_queue": {"q": {}}}}',
    "shared/main.tf": 'module "leaf" {\n  source = "./leaf"\n}\n',
    "shared/leaf/main.tf": 'resource "aws_sns_topic" "t" {}\n',
}


def test_modules_above_beside_and_called_twice_keep_their_places(
    terraform: None,  # noqa: ARG001 - skips
    tmp_path: Path,
) -> None:
    for name, text in FAMILY.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    root = tmp_path / "source" / "live" / "app"
    plan_json = save_plan(root, tmp_path / "tfplan")
    into = tmp_path / "into"
    into.mkdir()
    unpacked = extract_snapshot(tmp_path / "tfplan", into)
    source = read_source(unpacked, within=into)
    found = blocks(source)
    del found[()]
    original = blocks(read_source(root))
    del original[()]
    assert found == original
    assert sorted(found) == [
        ("left",),
        ("left", "leaf"),
        ("right",),
        ("right", "leaf"),
        ("shared",),
        ("shared", "leaf"),
    ]
    assert make_plan(unpacked).plan_json == plan_json


# -- manifests Terraform writes elsewhere --------------------------------------------------------


def places(root: Path) -> dict[str, str]:
    listed = json.loads((root / ".terraform" / "modules" / "modules.json").read_text())["Modules"]
    return {each["Key"]: each["Dir"] for each in listed}


@pytest.mark.parametrize(
    ("top", "directory", "expected"),
    [
        (".", "modules/net", "modules/net"),
        (".", "./modules//net/", "modules/net"),
        (".", "../../net", "../../net"),
        (".", ".terraform/modules/net", ".terraform/modules/net"),
        (".", "modules\\net", "modules/net"),
        (".", "/var/state/modules/net", ".terraform/elsewhere/var/state/modules/net"),
        (".", "C:\\state\\net", ".terraform/elsewhere/C/state/net"),
        ("infra", "infra/modules/net", "modules/net"),
        ("infra", "net", "../net"),
        ("/srv/infra", "/srv/net", "../net"),
    ],
)
def test_each_module_stands_where_it_stood_seen_from_the_root(
    top: str, directory: str, expected: str, tmp_path: Path
) -> None:
    root = extracted(
        tmp_path,
        {
            "tfconfig/m-/main.tf": 'module "net" {\n  source = "registry/net/aws"\n}\n',
            "tfconfig/m-net/main.tf": "locals {}\n",
            "tfconfig/modules.json": manifest(
                ("", "", top), ("net", "registry/net/aws", directory)
            ),
        },
    )
    assert places(root) == {"": ".", "net": expected}
    assert sorted(read_source(root).modules) == [(), ("net",)]


def test_the_version_of_a_module_is_kept_for_terraform(tmp_path: Path) -> None:
    records = [{"Key": "", "Dir": "."}, {"Key": "n", "Source": "s", "Version": "1.2.3", "Dir": "n"}]
    root = extracted(
        tmp_path,
        {
            "tfconfig/m-/main.tf": "",
            "tfconfig/m-n/main.tf": "",
            "tfconfig/modules.json": json.dumps(records),
        },
    )
    written = json.loads((root / ".terraform" / "modules" / "modules.json").read_text())
    assert written["Modules"][1] == records[1]


def test_a_folder_of_the_name_chosen_for_levels_above_is_another_folder(tmp_path: Path) -> None:
    root = extracted(
        tmp_path,
        {
            "tfconfig/m-/main.tf": 'module "a" {\n  source = "../above"\n}\n',
            "tfconfig/m-a/main.tf": "locals {}\n",
            "tfconfig/modules.json": manifest(("", "", "."), ("a", "../above", "../above")),
        },
    )
    assert sorted(path.name for path in root.glob("*.tf")) == ["main.tf"]
    assert sorted(read_source(root).modules) == [(), ("a",)]


def test_nothing_outside_the_unpacked_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "main.tf").write_text("locals {}\n")
    members = {
        "tfconfig/m-/main.tf": 'module "a" {\n  source = "../private"\n}\n',
        "tfconfig/modules.json": manifest(("", "", ".")),
    }
    root = extracted(tmp_path, members)
    source = read_source(root, named="tfplan:", within=tmp_path / "into")
    assert list(source.modules) == [()]
    assert len(source.unreadable) == 1


def test_files_are_called_by_the_plan_and_found_in_the_folder(tmp_path: Path) -> None:
    root = extracted(
        tmp_path,
        {**ROOT_FILE, "tfconfig/modules.json": manifest(("", "", "."))},
    )
    source = read_source(root, named="ci/tfplan:")
    span = source.modules[()].blocks["module.net"].span
    assert source.shown(span.file) == "ci/tfplan:main.tf"
    assert source.place("ci/tfplan:main.tf") == root / "main.tf"


def test_an_error_in_a_file_names_the_plan_and_not_the_folder(tmp_path: Path) -> None:
    members = {"tfconfig/m-/main.tf": "\n{\n", "tfconfig/modules.json": manifest(("", "", "."))}
    root = extracted(tmp_path, members)
    with pytest.raises(PolicyscanError, match=r"^tfplan:main\.tf:2: ") as caught:
        read_source(root, named="tfplan:")
    assert str(tmp_path) not in str(caught.value)


# -- archives that no Terraform writes -----------------------------------------------------------

PLAIN: dict[str, str | bytes] = {
    "tfconfig/m-/main.tf": "locals {}\n",
    "tfconfig/modules.json": manifest(("", "", ".")),
}


def with_entry(name: str, **fields: Any) -> bytes:
    """PLAIN and one more member, whose header has these fields."""
    content = io.BytesIO(zipped(PLAIN))
    with zipfile.ZipFile(content, "a") as archive:
        extra = zipfile.ZipInfo("placeholder")
        extra.filename = name
        for field, value in fields.items():
            setattr(extra, field, value)
        archive.writestr(extra, "locals {}\n")
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../escape.tf", "no plain path"),
        ("tfconfig/m-/../../../../escape.tf", "no plain path"),
        ("/escape.tf", "no relative path"),
        ("tfconfig\\m-\\escape.tf", "no relative path"),
        ("tfconfig/m-//escape.tf", "no plain path"),
        ("tfconfig/m-/folder/", "no plain path"),
        ("tfconfig/m-/main.tf", "it is there twice"),
        ("tfconfig/m-/" + "x" * 2000 + ".tf", "too long"),
        ("tfconfig/m-/e\x1b[2J\nscape/../x.tf", "no plain path"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_leads_elsewhere_is_refused(name: str, said: str, tmp_path: Path) -> None:
    assert said in refusal(tmp_path, with_entry(name))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_anything_else_that_is_no_file_is_refused(kind: int, tmp_path: Path) -> None:
    content = with_entry("tfconfig/m-/link.tf", external_attr=(kind | 0o777) << 16)
    assert "no regular file" in refusal(tmp_path, content)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    content = bytearray(with_entry("tfconfig/m-/secret.tf"))
    header = content.rindex(b"PK\x01\x02")
    content[header + 8] |= 1
    assert "encrypted" in refusal(tmp_path, bytes(content))


def test_a_member_packed_in_a_way_that_cannot_be_bounded_is_refused(tmp_path: Path) -> None:
    content = with_entry("tfconfig/m-/odd.tf", compress_type=zipfile.ZIP_LZMA)
    assert "deflate" in refusal(tmp_path, content)


@pytest.mark.parametrize(
    "members",
    [
        {"tfconfig/m-/main.tf": "", "tfconfig/modules.json": "{"},
        {"tfconfig/m-/main.tf": "", "tfconfig/modules.json": "[" * 100_000},
        {"tfconfig/m-/main.tf": "", "tfconfig/modules.json": "[]"},
        {"tfconfig/m-/main.tf": "", "tfconfig/modules.json": "null"},
        {"tfconfig/m-/main.tf": "", "tfconfig/modules.json": '[{"Key": 0, "Dir": "."}]'},
        {"tfconfig/m-/main.tf": "", "tfconfig/modules.json": '[{"Key": "", "Dir": 1}]'},
        {"tfconfig/m-/main.tf": "", "tfconfig/modules.json": '[{"Key": "", "Dir": "\\u0000"}]'},
        {**PLAIN, "tfconfig/modules.json": manifest(("", "", "."), ("", "", "."))},
        {**PLAIN, "tfconfig/modules.json": manifest(("", "", "."), ("a/b", "", "a"))},
        {**PLAIN, "tfconfig/modules.json": manifest(("", "", "."), ("..", "", "a"))},
        {**PLAIN, "tfconfig/modules.json": manifest(("", "", "."), ("a", "", "../" * 500))},
        {**PLAIN, "tfconfig/modules.json": manifest(("", "", "."), ("a", "", "x" * 10**6))},
        {**PLAIN, "tfconfig/m-stray/main.tf": ""},
        {**PLAIN, "tfconfig/m-/run.sh": ""},
        {**PLAIN, "tfconfig/other": ""},
        {
            **PLAIN,
            "tfconfig/m-a/main.tf": "other\n",
            "tfconfig/modules.json": manifest(("", "", "."), ("a", "", ".")),
        },
    ],
)
def test_a_list_of_modules_that_does_not_fit_is_refused(
    members: dict[str, str | bytes], tmp_path: Path
) -> None:
    assert "no list of modules" in refusal(tmp_path, zipped(members))


def test_a_plan_without_configuration_says_what_to_give(tmp_path: Path) -> None:
    assert "give --source-dir" in refusal(tmp_path, zipped({}))


@pytest.mark.parametrize(
    "directory", ["main.tf", ".terraform/modules/modules.json", "\ud800", "x" * 300]
)
def test_a_folder_that_cannot_be_made_is_one_line(directory: str, tmp_path: Path) -> None:
    members = {
        **PLAIN,
        "tfconfig/m-a/a.tf": "",
        "tfconfig/modules.json": manifest(("", "", "."), ("a", "", directory)),
    }
    path = saved(tmp_path, members)
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(PolicyscanError, match=r"^tfplan: .*cannot be unpacked") as caught:
        extract_snapshot(path, into, named="tfplan")
    assert len(str(caught.value).splitlines()) == 1


def bomb(size: int, *, declared: int | None = None) -> bytes:
    """A file of zeros in the configuration, whose headers may understate it."""
    content = bytearray(zipped({**PLAIN, "tfconfig/m-/zero.tf": b"\0" * size}))
    if declared is not None:
        old, new = struct.pack("<I", size), struct.pack("<I", declared)
        content = bytearray(bytes(content).replace(old, new))
    return bytes(content)


def test_a_bomb_is_refused_while_unpacking_and_never_held_whole(tmp_path: Path) -> None:
    content = bomb(400 * 2**20)
    tracemalloc.start()
    assert "more than a saved plan holds" in refusal(tmp_path, content)
    assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    tracemalloc.stop()


def test_headers_that_understate_a_member_are_not_believed(tmp_path: Path) -> None:
    assert "damaged" in refusal(tmp_path, bomb(2**20, declared=100))


def test_more_members_than_a_plan_has_are_refused_before_they_are_listed(tmp_path: Path) -> None:
    many = zipped({f"tfconfig/m-/{number}.tf": "" for number in range(21_000)})
    assert "more members" in refusal(tmp_path, many)
    huge = bytearray(zipped(PLAIN))
    huge[-10:-6] = struct.pack("<I", 2**30)
    (tmp_path / "deep").rename(tmp_path / "first")
    assert "more members" in refusal(tmp_path, bytes(huge))
    # The longer form of the end record overrules the shorter one.
    longer = zipped(PLAIN)
    (tmp_path / "deep").rename(tmp_path / "second")
    content = longer[:-22] + b"PK\x06\x07" + bytes(16) + longer[-22:]
    assert "more members" in refusal(tmp_path, content)


def test_a_saved_plan_cut_off_at_any_byte_is_refused_in_one_line(tmp_path: Path) -> None:
    whole = zipped(PLAIN)
    path = tmp_path / "tfplan"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(PolicyscanError, match="damaged or cut off"):
            list(read_members(path))


def test_a_saved_plan_with_any_byte_changed_is_read_or_refused(tmp_path: Path) -> None:
    whole = zipped(PLAIN)
    path = tmp_path / "tfplan"
    intact = 0
    for position in range(len(whole)):
        for flipped in (0x01, 0x80, 0xFF):
            changed = bytearray(whole)
            changed[position] ^= flipped
            path.write_bytes(changed)
            into = tmp_path / f"{position}-{flipped}"
            into.mkdir()
            try:
                extract_snapshot(path, into)
            except PolicyscanError as error:
                assert len(str(error).splitlines()) == 1  # noqa: PT017 - most are refused
            else:
                intact += 1
    # Times, versions and the like decide nothing.
    assert 0 < intact < 3 * len(whole)


def test_a_saved_plan_is_told_from_other_archives() -> None:
    assert is_planfile(zipped({}))
    assert not is_planfile(zipped({}, first="tfplan.json"))
    assert not is_planfile(zipped({}, first="plan.json"))
    assert not is_planfile(b"PK\x05\x06" + bytes(18))
