"""A simulated apply runs nothing of the configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policyscan.errors import PlannerError
from policyscan.planner import Inputs, Request, make_plan

pytestmark = pytest.mark.usefixtures("terraform")


def applied(root: Path) -> bytes:
    return make_plan(root, Request(after=(Inputs(),))).plan_json


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """A file that nothing but a command makes."""
    return tmp_path / "mark"


@pytest.mark.parametrize(
    "block",
    [
        'provisioner "local-exec" {\n command = "touch MARK"\n }',
        'provisioner "local-exec" { command = "touch MARK" }',
        'provisioner "local-exec" {\n interpreter = ["sh", "-c"]\n command = "touch MARK"\n }',
        'provisioner local-exec {\n command = "touch MARK"\n }',
        'provisioner "file" {\n content = "x"\n destination = "MARK"\n }',
        'provisioner "remote-exec" {\n inline = ["touch MARK"]\n }',
    ],
    ids=["local", "one line", "interpreter", "bare", "file", "remote"],
)
def test_a_command_is_not_run_in_whatever_form_it_stands(
    block: str, root: Path, mark: Path
) -> None:
    text = block.replace("MARK", str(mark))
    connection = "connection {\n host = file(self.id)\n }"
    body = f"{connection}\n{text}"
    (root / "main.tf").write_text(f'resource "terraform_data" "x" {{\n{body}\n}}\n')
    shown = applied(root)
    assert b'"no-op"' in shown
    assert b'["true"]' not in shown
    assert not mark.exists()


def test_a_command_in_json_syntax_is_not_run(root: Path, mark: Path) -> None:
    provisioner = {"local-exec": {"command": f"touch {mark}"}}
    block = {"x": [{"provisioner": [provisioner]}]}
    content = {"resource": [{"terraform_data": block}]}
    (root / "main.tf.json").write_text(json.dumps(content))
    assert b'"no-op"' in applied(root)
    assert not mark.exists()


def test_a_command_that_reading_does_not_find_is_refused(root: Path, mark: Path) -> None:
    (root / "main.tf").write_text(
        'locals { a = "/*" }\n'
        'resource "terraform_data" "x" {\n'
        f'  provisioner "local-exec" {{ command = "touch {mark}" }}\n'
        "}\n"
        'locals { b = "*/" }\n'
    )
    with pytest.raises(PlannerError, match=r"that of terraform_data\.x cannot be switched off"):
        applied(root)
    assert not mark.exists()


def test_a_resource_in_a_comment_takes_no_part(root: Path) -> None:
    (root / "main.tf").write_text(
        '/*\nresource "terraform_data" "x" {\n  provisioner "local-exec" {}\n}\n*/\n'
        '# resource "terraform_data" "y" { provisioner "local-exec" {} }\n'
        'resource "terraform_data" "z" {}\n'
    )
    assert b'"terraform_data.z"' in applied(root)
