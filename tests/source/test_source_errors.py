"""What cannot be read is refused in one line that names the file and the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyscan.errors import SourceError
from policyscan.source import read_source

if TYPE_CHECKING:
    from pathlib import Path

    from policyscan.source import Source
    from tests.source.conftest import Read

VALIDATE = "look at it with `terraform validate`, and pass --no-source if that accepts it"


def look_at_everything(source: Source) -> None:
    for module in source.modules.values():
        dict(module.locals)
        for block in module.blocks.values():
            dict(block.attributes)


def refusal(tmp_path: Path, files: dict[str, str | bytes], read: Read) -> str:
    with pytest.raises(SourceError) as refused:
        look_at_everything(read(files))
    message = str(refused.value)
    assert message.isprintable()
    return message.removeprefix(f"{tmp_path.as_posix()}/")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "\n\nfoo = 1",
            'main.tf:3: expected a block such as `resource "type" "name" {`, found `foo`',
        ),
        (
            'x "\n',
            'main.tf:1: expected a block such as `resource "type" "name" {`, found `x`',
        ),
        ("\nx {\n", "main.tf:2: this `{` is never closed"),
        ("x {\n  y = (1]\n}", "main.tf:2: `]` where `)` has to come first"),
        ('x {\n  y = "abc\n}\n', "main.tf:2: this string is not closed on its line"),
        ("x {\n y = <<EOT\n a\n}\n", "main.tf:2: this heredoc is never closed by a line `EOT`"),
        ('resource "a" {}', "main.tf:1: resource takes 2 label(s), found 1"),
        (
            'variable "a" {}\nvariable "a" {}',
            "main.tf:2: variable.a is already declared at main.tf:1; keep one",
        ),
        (
            "locals {\n a = 1\n}\nlocals {\n a = 2\n}",
            "main.tf:5: local.a is already declared at main.tf:2; keep one",
        ),
        (b'x {\n\n y = "\xff"\n}', "main.tf:3: is not UTF-8; save the file as UTF-8"),
        ("x {\n\n  y = 1 +\n}", f"main.tf:4: unexpected `}}`; {VALIDATE}"),
        ("x {\n  y =\n}", f"main.tf:2: unexpected the end of the line; {VALIDATE}"),
        ('x {\n  y = 1 "hunter2"\n}', f"main.tf:2: unexpected a string; {VALIDATE}"),
        ('x {\n  y = "${a +}"\n}', f"main.tf:2: unexpected the end of the expression; {VALIDATE}"),
        ("x {\n  y = <<E\n\n${a.b c}\nE\n}", f"main.tf:4: unexpected `c`; {VALIDATE}"),
        ('x {\n  y = "${ }"\n}', "main.tf:2: an expression is missing here, as in `${}`"),
        (
            'x {\n  y = "%{ while x }"\n}',
            "main.tf:2: expected `if`, `else`, `endif`, `for NAME in` or `endfor` after `%{`",
        ),
        (
            'x {\n\n  dynamic "y" {\n    content {}\n  }\n}',
            "main.tf:3: a dynamic block needs for_each and content",
        ),
        (
            "x {\n  y = " + "[" * 2_000 + "]" * 2_000 + "\n}",
            "main.tf:1: brackets are nested too deep to follow",
        ),
        (
            'x {\n  y = "' + '${"' * 2_000 + '"}' * 2_000 + '"\n}',
            "main.tf:1: brackets are nested too deep to follow",
        ),
    ],
)
def test_broken_source_is_refused_with_its_file_and_line(
    content: str | bytes, expected: str, tmp_path: Path, read: Read
) -> None:
    assert refusal(tmp_path, {"main.tf": content}, read) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{\n "a":', "main.tf.json:2: is not JSON: Expecting value; correct it"),
        ("[]", "main.tf.json:1: expected an object of block types, such as `resource`"),
        (
            '{"x": {\n\n "y": "${a.}"}}',
            f"main.tf.json:3: unexpected the end of the expression; {VALIDATE}",
        ),
        (
            '{"x": {\n "dynamic": {"y": {}}}}',
            "main.tf.json:2: a dynamic block needs for_each and content",
        ),
        (
            '{"x": ' + "9" * 5_000 + "}",
            "main.tf.json:1: holds a number too long to read; write it as a string",
        ),
        (
            '{"x": ' + "[" * 100_000 + "]" * 100_000 + "}",
            "main.tf.json:1: brackets are nested too deep to follow",
        ),
    ],
)
def test_broken_json_is_refused_with_its_file_and_line(
    content: str, expected: str, tmp_path: Path, read: Read
) -> None:
    assert refusal(tmp_path, {"main.tf.json": content}, read) == expected


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ('resource "a" "b" {}', "a.b"),
        ('variable "b" {}', "variable.b"),
        ('provider "aws" {\n  alias = "east"\n}', "provider.aws.east"),
    ],
)
def test_an_override_of_nothing_is_refused(
    written: str, address: str, tmp_path: Path, read: Read
) -> None:
    files = {"main.tf": "", "x_override.tf": f"\n{written}"}
    assert refusal(tmp_path, dict(files), read) == (
        f"x_override.tf:2: overrides {address}, which no other file declares; "
        "declare it or remove this"
    )


def test_a_module_that_calls_itself_is_refused(tmp_path: Path, read: Read) -> None:
    files = {
        "main.tf": 'module "a" {\n  source = "./a"\n}',
        "a/main.tf": '\nmodule "b" {\n  source = "./../a"\n}',
    }
    assert refusal(tmp_path, dict(files), read) == (
        "a/main.tf:2: module.b calls a module that it is part of; give it another source"
    )


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"Modules": [{"Key": 1}]}'])
def test_a_broken_list_of_modules_is_refused(content: str, tmp_path: Path, read: Read) -> None:
    files = {"main.tf": "", ".terraform/modules/modules.json": content}
    assert refusal(tmp_path, dict(files), read) == (
        ".terraform/modules/modules.json:1: is no list of modules; "
        "write it anew with `terraform init`"
    )


def test_a_folder_without_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as refused:
        read_source(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}: holds no .tf files; give the folder of the root module"
    )


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    for name, reason in (("gone", "No such file or directory"), ("file", "Not a directory")):
        (tmp_path / "file").touch()
        with pytest.raises(SourceError) as refused:
            read_source(tmp_path / name)
        assert str(refused.value) == (
            f"{tmp_path / name}: cannot be read: {reason}; give the folder of the Terraform files"
        )


def test_a_broken_block_leaves_the_others_readable(read: Read) -> None:
    blocks = read({"main.tf": "a {\n  x = 1 +\n}\nb {\n  x = 1\n}\n"}).modules[()].blocks
    assert blocks["b[0]"].attributes["x"].literal == 1
    with pytest.raises(SourceError):
        blocks["a[0]"].attributes.get("x")


def test_a_file_name_cannot_break_the_line(tmp_path: Path, read: Read) -> None:
    assert refusal(tmp_path, {"a\n\x1b[2J.tf": "x"}, read).startswith("a\\n\\x1b[2J.tf:1: ")
