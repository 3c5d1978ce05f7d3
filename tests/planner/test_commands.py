"""A simulated apply runs nothing of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyscan.errors import PlannerError
from policyscan.planner import Inputs, Request, make_plan

pytestmark = pytest.mark.usefixtures("terraform")


def test_a_local_exec_is_applied_and_not_run(tmp_path: Path) -> None:
    root, mark = tmp_path / "root", tmp_path / "mark"
    root.mkdir()
    (root / "main.tf").write_text(
        f'resource "terraform_data" "x" {{\n  provisioner "local-exec" {{\n'
        f'    command = "touch {mark}"\n  }}\n}}\n'
    )
    outcome = make_plan(root, Request(after=(Inputs(),)))
    assert b'"no-op"' in outcome.plan_json
    assert b"interpreter" not in outcome.plan_json
    assert not mark.exists()


@pytest.mark.parametrize(
    "block",
    [
        'provisioner "local-exec" { command = "touch MARK" }',
        'provisioner "local-exec" {\n interpreter = ["sh", "-c"]\n command = "touch MARK"\n }',
        'provisioner local-exec {\n command = "touch MARK"\n }',
        'provisioner "remote-exec" {\n inline = ["touch MARK"]\n }',
    ],
)
def test_a_provisioner_that_cannot_be_switched_off_is_refused(block: str, tmp_path: Path) -> None:
    root, mark = tmp_path / "root", tmp_path / "mark"
    root.mkdir()
    text = block.replace("MARK", str(mark))
    (root / "main.tf").write_text(f'resource "terraform_data" "x" {{\n{text}\n}}\n')
    with pytest.raises(PlannerError):
        make_plan(root, Request(after=(Inputs(),)))
    assert not mark.exists()
