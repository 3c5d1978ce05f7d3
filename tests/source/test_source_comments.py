"""Which comments are for a program, and which block each of them is about."""

from __future__ import annotations

from pathlib import Path

from policyscan.source import Comment, read_source


def said(folder: Path, text: str, name: str = "main.tf") -> list[tuple[str, int, str]]:
    (folder / name).write_text(text)
    found: tuple[Comment, ...] = read_source(folder).modules[()].comments
    return [(each.text, each.line, each.block) for each in found]


def test_a_comment_is_about_the_block_around_it_or_directly_below(tmp_path: Path) -> None:
    text = """
# policyscan:ignore=A
# For people.
/* policyscan:ignore=B
 * policyscan:ignore=C
 */
resource "aws_s3_bucket" "one" { // policyscan:ignore=D
  x = { # policyscan:ignore=E
  }
  # policyscan:ignore=F
} # policyscan:ignore=G
# policyscan:ignore=H

# policyscan:ignore=I
module "net" {
  source = "./nowhere"
}
# policyscan:ignore=J
data "aws_vpc" "this" {}
locals {
  x = 1 # policyscan:ignore=K
}
# policyscan:ignore=L"""
    block = "aws_s3_bucket.one"
    assert said(tmp_path, text) == [
        ("policyscan:ignore=A", 2, block),
        ("policyscan:ignore=B", 4, block),
        ("policyscan:ignore=C", 5, block),
        ("policyscan:ignore=D", 7, block),
        ("policyscan:ignore=E", 8, block),
        ("policyscan:ignore=F", 10, block),
        ("policyscan:ignore=G", 11, block),
        ("policyscan:ignore=H", 12, ""),
        ("policyscan:ignore=I", 14, "module.net"),
        ("policyscan:ignore=J", 18, "data.aws_vpc.this"),
        ("policyscan:ignore=K", 21, ""),
        ("policyscan:ignore=L", 23, ""),
    ]


def test_what_checkov_is_told_counts_only_where_checkov_looks(tmp_path: Path) -> None:
    text = """
#checkov:skip=CKV_AWS_1:above
resource "aws_s3_bucket" "one" { #checkov:skip=CKV_AWS_2:on the first line
  #checkov:skip=CKV_AWS_3:inside
  # for now, bridgecrew:skip=CKV_AWS_4
  x = "#checkov:skip=CKV_AWS_5:a text"
  y = <<E
#checkov:skip=CKV_AWS_6:a heredoc
E
  /* checkov:skip=CKV_AWS_7:starred */
} #checkov:skip=CKV_AWS_8:on the last line
"""
    assert said(tmp_path, text) == [
        ("checkov:skip=CKV_AWS_1:above", 2, ""),
        ("checkov:skip=CKV_AWS_2:on the first line", 3, ""),
        ("checkov:skip=CKV_AWS_3:inside", 4, "aws_s3_bucket.one"),
        ("bridgecrew:skip=CKV_AWS_4", 5, "aws_s3_bucket.one"),
        ("checkov:skip=CKV_AWS_7:starred", 10, "aws_s3_bucket.one"),
        ("checkov:skip=CKV_AWS_8:on the last line", 11, ""),
    ]


def test_windows_line_ends_and_letters_of_any_sort_move_no_comment(tmp_path: Path) -> None:
    text = '# ü policyscan:no\r\n# policyscan:ignore=A reason=für\r\nresource "a" "ß" {\r\n}\r\n'
    assert said(tmp_path, text) == [("policyscan:ignore=A reason=für", 2, "a.ß")]


def test_a_comment_in_json_is_about_the_block_it_is_a_member_of(tmp_path: Path) -> None:
    text = (
        '{"//": "policyscan:ignore=A", "resource": {"aws_s3_bucket": {"one": '
        '{"//": "policyscan:ignore=B", "x": [{"//": "policyscan:ignore=C"}]}, '
        '"two": [{"//": "policyscan:ignore=D"}]}}}'
    )
    assert said(tmp_path, text, "main.tf.json") == [
        ("policyscan:ignore=A", 1, ""),
        ("policyscan:ignore=B", 1, "aws_s3_bucket.one"),
        ("policyscan:ignore=C", 1, "aws_s3_bucket.one"),
        ("policyscan:ignore=D", 1, "aws_s3_bucket.two"),
    ]
