"""Configuration and profile files: what they may hold, checked here and by their JSON Schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from policyscan.engine import (
    REFERENCE,
    Layer,
    built_in_pack,
    load_pack,
    profile_files,
    read_configuration,
    read_profile,
    settled,
)
from policyscan.engine.yaml_file import read_yaml
from policyscan.errors import ConfigError
from policyscan.report.schemas import FOLDER, schemas

PACK = load_pack(built_in_pack())
SCHEMAS = {name: json.loads(text) for name, text in schemas(PACK).items()}
PROFILES = profile_files(built_in_pack())


def configuration(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text)
    return path


def refused(path: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as problem:
        read_configuration(read_yaml(path), PACK)
    return problem.value.lines


def is_valid(content: object, name: str = "configuration") -> bool:
    schema = SCHEMAS[f"{name}.schema.json"]
    validator = jsonschema.Draft202012Validator(schema)
    return validator.is_valid(content)


GOOD = """
packs: [rules, ../shared/rules]
profile: production
select: [NET, PS101, "PS4*", log-retention-off]
ignore: []
waivers: policies/waivers.yaml
unwaivable: [PS204, IMG, "PS7*", CKV_AWS_20, CKV2_AWS_6, CHECKOV, "CKV_*"]
severity: {PS303: low}
parameters:
  PS303: {min: 2, max: 20}
  PS302: {cpu: 60}
  PS401: {days: 14, keep: at-least}
  PS802: {required: [Environment, Owner]}
fail_on: unknown
"""

BAD = (
    ("parametres: {}", "1: parametres: no key is called so; did you mean 'parameters'?"),
    ("extends: production", "1: extends: no key is called so"),
    ("profile: 3", "1: profile: 3 is not a text"),
    ("fail_on: hi", '1: fail_on: "hi" is not one of critical, high, medium, low, unknown'),
    ("ignore: PS802", '1: ignore: "PS802" is not a list, such as [PS101]'),
    ("ignore: [PS80]", "1: ignore: no rule or group is called 'PS80'; did you mean 'PS80"),
    ("ignore: [PS001]", "1: ignore: PS001: PS001 runs always and can be neither selected nor "),
    ("select: [GATE]", "1: select: GATE: PS001 runs always"),
    ("select: [[NET]]", "1: select: no rule or group is called ['NET']"),
    ("severity: {PS001: low}", "1: severity.PS001: no rule is called so; the check of the plan "),
    ("packs: rules", '1: packs: "rules" is not a list of texts, such as [rules]'),
    ("packs: [3]", "1: packs: [3] is not a list of texts"),
    ("waivers: [a]", '1: waivers: ["a"] is not a text'),
    ("waivers: ''", "1: waivers: says nothing"),
    ("unwaivable: PS204", '1: unwaivable: "PS204" is not a list, such as [PS101]'),
    ("unwaivable: [PS24]", "1: unwaivable: no rule or group is called 'PS24'; did you mean 'PS2"),
    ("unwaivable: [CKVAWS]", "1: unwaivable: no rule or group is called 'CKVAWS'"),
    ("unwaivable: [PS001]", "1: unwaivable: PS001: the check of the plan itself is never waived"),
    ("ignore: [CKV_AWS_20]", "1: ignore: no rule or group is called 'CKV_AWS_20'"),
    ("select: [null]", "1: select: no rule or group is called None"),
    ("parameters:", "1: parameters: null is not a map of PS101, "),
    ("parameters: [PS303]", '1: parameters: ["PS303"] is not a map of'),
    ("parameters:\n  PS999: {}", "2: parameters.PS999: no rule is called so; did you mean 'PS9"),
    (
        "parameters:\n  log-retention-off: {days: 7}",
        "2: parameters.log-retention-off: no rule is called so; write PS401",
    ),
    (
        "parameters:\n  PS303:\n    min: 2\n    mx: 3",
        "4: parameters.PS303.mx: no parameter of PS303 is called so; did you mean 'max'?",
    ),
    ("parameters: {PS101: {x: 1}}", "1: parameters.PS101.x: no parameter of PS101 is called so"),
    ("parameters: {PS401: {days: 8}}", "1: parameters.PS401.days: 8 is not one of 0, 1, 3, 5, 7"),
    ('parameters: {PS401: {days: "7"}}', '1: parameters.PS401.days: "7" is not a whole number'),
    ("parameters: {PS401: {days: true}}", "days: true is not a whole number"),
    ("parameters: {PS401: {days: 7.5}}", "days: 7.5 is not a whole number"),
    ("parameters: {PS303: {min: -1}}", "1: parameters.PS303.min: -1 is not 0 or more"),
    ("parameters: {PS302: {cpu: 100.5}}", "cpu: 100.5 is not from 1 to 100"),
    ("parameters: {PS302: {cpu: fast}}", 'cpu: "fast" is not a number'),
    ("parameters: {PS604: {registries: ghcr.io}}", '"ghcr.io" is not a list of texts'),
    ("parameters: {PS604: {registries: [1]}}", "[1] is not a list of texts"),
    ("parameters: {PS701: {protection: on}}", "true is not a text"),
    ("severity: {PS303: urgent}", '1: severity.PS303: "urgent" is not one of critical, high,'),
    ("severity: {PS30: low}", "1: severity.PS30: no rule is called so; did you mean 'PS30"),
    ("- select", '1: ["select"] is not a map of packs, profile, '),
)


def test_a_file_may_hold_all_of_this(tmp_path: Path) -> None:
    layer, profile = read_configuration(read_yaml(configuration(tmp_path, GOOD)), PACK)
    assert profile == "production"
    assert layer.parameters["PS302", "cpu"] == 60.0
    assert is_valid(read_yaml(configuration(tmp_path, GOOD)).content)


@pytest.mark.parametrize(("text", "said"), BAD)
def test_what_is_wrong_in_a_file_is_said_with_its_line(
    tmp_path: Path, text: str, said: str
) -> None:
    path = configuration(tmp_path, text)
    [line] = refused(path)
    assert line.startswith(f"{path}:")
    assert said in line


@pytest.mark.parametrize("text", [text for text, _ in BAD])
def test_the_published_schema_refuses_what_policyscan_refuses(tmp_path: Path, text: str) -> None:
    assert not is_valid(read_yaml(configuration(tmp_path, text)).content)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}"])
def test_an_empty_file_sets_nothing(tmp_path: Path, text: str) -> None:
    path = configuration(tmp_path, text)
    layer, profile = read_configuration(read_yaml(path), PACK)
    assert (layer, profile) == (Layer(layer.origin), "")
    assert is_valid(read_yaml(path).content)


def test_everything_wrong_in_a_file_is_said_at_once(tmp_path: Path) -> None:
    text = "slect: []\nfail_on: never\nparameters:\n  PS401: {days: 8}\n  PS303: {mx: 1}\n"
    path = configuration(tmp_path, text)
    assert [line.partition(": ")[0] for line in refused(path)] == [
        f"{path}:{number}" for number in (1, 2, 4, 5)
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "not YAML"),
        ("fail_on: low\nfail_on: high", ":2: not YAML: fail_on is given twice"),
        ("parameters: {PS303: {max: 3, max: 4}}", ":1: not YAML: max is given twice"),
        ("fail_on: low\n---\nfail_on: high", "not YAML"),
        ("fail_on: !!python/object:os.system x", "not YAML"),
        ("fail_on: 2024-13-45", "not YAML: a value cannot be read"),
        ("fail_on: \x07", "not YAML"),
        ("[" * 9999, "not YAML"),
    ],
)
def test_what_is_not_one_document_of_yaml_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    [line] = refused(configuration(tmp_path, text))
    assert said in line


def test_a_key_may_win_over_one_that_is_merged_in(tmp_path: Path) -> None:
    text = "parameters:\n  PS401: &kept {days: 7, keep: any}\n  PS401: {<<: *kept, days: 14}\n"
    [line] = refused(configuration(tmp_path, text))
    assert line.endswith("PS401 is given twice")
    text = "parameters: {PS303: {<<: {max: 12}, max: 20}}\n"
    layer, _ = read_configuration(read_yaml(configuration(tmp_path, text)), PACK)
    assert layer.parameters == {("PS303", "max"): 20}


def test_the_published_schemas_are_those_of_the_rules() -> None:
    written = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert written == schemas(PACK), "run `make docs`"


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_published_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_a_profile_that_comes_with_the_pack_keeps_to_the_schema(name: str) -> None:
    content = read_yaml(PROFILES[name]).content
    assert is_valid(content, "profile")
    assert content["description"]


def test_these_profiles_come_with_the_pack() -> None:
    assert sorted(PROFILES) == ["deploy-only", "production", "reference"]


def test_the_reference_profile_is_what_the_rules_are_by_themselves() -> None:
    assert set(read_yaml(PROFILES[REFERENCE]).content) == {"description"}
    assert read_profile(REFERENCE, PACK, built_in_pack()) == ()


def profile(folder: Path, name: str, **content: Any) -> str:
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(content))
    return str(path)


def test_a_profile_wins_over_what_it_extends(tmp_path: Path) -> None:
    profile(tmp_path, "base", extends="production", parameters={"PS401": {"days": 90}})
    top = profile(tmp_path, "top", extends="./base.yaml", parameters={"PS303": {"max": 12}})
    settings = settled(read_profile(top, PACK, built_in_pack()))
    assert settings.given["PS401", "days"] == 90
    assert settings.given["PS401", "keep"] == "at-least"
    assert settings.given["PS303", "max"] == 12
    assert settings.ignore == ("PS703", "PS705", "PS706", "PS708")
    assert [str(settings.origin(*each)) for each in (("PS401", "keep"), ("PS401", "days"))] == [
        "profile production",
        "profile ./base.yaml",
    ]


@pytest.mark.parametrize("ring", [("a",), ("a", "b"), ("a", "b", "c")])
def test_a_profile_that_extends_itself_is_refused(tmp_path: Path, ring: tuple[str, ...]) -> None:
    for name, base in zip(ring, (*ring[1:], ring[0]), strict=True):
        profile(tmp_path, name, extends=f"./{base}.yaml")
    with pytest.raises(ConfigError, match=r"extends '\./a\.yaml', which extends this one"):
        read_profile(str(tmp_path / "a.yaml"), PACK, built_in_pack())


def test_an_unknown_profile_is_refused_with_those_there_are() -> None:
    said = "no profile is called 'prod'; there are deploy-only, production, reference, or"
    with pytest.raises(ConfigError, match=said):
        read_profile("prod", PACK, built_in_pack())


def test_a_profile_may_not_name_a_profile_as_a_configuration_does(tmp_path: Path) -> None:
    path = profile(tmp_path, "own", profile="production")
    with pytest.raises(ConfigError, match="profile: no key is called so"):
        read_profile(path, PACK, built_in_pack())
