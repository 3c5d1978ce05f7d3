from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policyscan.bridges.golden import SHAPES
from policyscan.bridges.home import Checkov
from policyscan.bridges.self_test import compared as self_tested
from tests.bridges.plans import written
from tests.parity.compare import compared, worked

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = (
    "checkov_edges",
    "fourteen_defects",
    "policies",
    "reference",
    "reference_broken",
    "rules/PS101/fail",
    "rules/PS501/fail",
    "rules/PS801/unknown",
)


@pytest.fixture
def thinned(checkov: Checkov, tmp_path: Path) -> Checkov:
    """A worker that does not know one of Checkov's checks, CKV_AWS_27."""
    catalogue = json.loads(Path(checkov.catalogue).read_text(encoding="utf-8"))
    kept = [each for each in catalogue["checks"] if not each[1].endswith(".SQSQueueEncryption")]
    assert len(kept) == len(catalogue["checks"]) - 1
    path = tmp_path / "thinned.json"
    path.write_text(json.dumps({**catalogue, "checks": kept}), encoding="utf-8")
    return checkov._replace(catalogue=str(path))


@pytest.mark.parametrize("name", FIXTURES)
def test_the_worker_says_what_checkovs_command_line_says_of_a_fixture(
    checkov: Checkov, name: str
) -> None:
    [each] = compared(checkov, [ROOT / "fixtures" / name / "plan.json"], worked)
    assert each.results > 0
    assert (each.missing, each.extra, each.errors) == ({}, {}, ())


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_the_worker_says_what_checkovs_command_line_says_of_many_resources(
    checkov: Checkov, tmp_path: Path, shape: Callable[[int], dict[str, Any]]
) -> None:
    [each] = compared(checkov, [written(tmp_path, shape(240))], worked)
    assert each.results > 240
    assert (each.missing, each.extra, each.errors) == ({}, {}, ())


def test_a_check_that_the_worker_leaves_out_is_found_missing(
    thinned: Checkov, tmp_path: Path
) -> None:
    [each] = compared(thinned, [written(tmp_path, SHAPES[0](24))], worked)
    assert {check for check, _, _ in each.missing} == {"CKV_AWS_27"}
    assert not each.equal


def test_the_self_test_finds_a_check_that_the_worker_leaves_out(
    thinned: Checkov, tmp_path: Path
) -> None:
    results, different = self_tested(thinned, tmp_path)
    assert 0 < different < results
