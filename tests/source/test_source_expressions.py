"""What an expression refers to, says and looks like."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.source import MISSING, Expression, Reference, Shape, Splat
from policyscan.source.expression import expression
from policyscan.source.syntax import parse_expression
from policyscan.source.text import Text

if TYPE_CHECKING:
    from tests.source.conftest import Local


def described(written: str) -> Expression:
    return expression(*parse_expression(Text("", "main.tf", written)))


def names(written: str) -> list[str]:
    """The references of an expression, each as Terraform would write it."""
    return [str(each) for each in described(written).references]


@pytest.mark.parametrize(
    ("written", "text", "index", "attribute"),
    [
        ("aws_ecr_repository.this", "aws_ecr_repository.this", None, ""),
        ("aws_ecr_repository.this.id", "aws_ecr_repository.this", None, "id"),
        ("aws_subnet.private[0].id", "aws_subnet.private", 0, "id"),
        ("aws_subnet.private.0.id", "aws_subnet.private", 0, "id"),
        ('aws_subnet.private["0"].id', "aws_subnet.private", "0", "id"),
        ('aws_subnet.private["each.key"].id', "aws_subnet.private", "each.key", "id"),
        ("aws_subnet.private[*].id", "aws_subnet.private", Splat.ALL, "id"),
        ("aws_subnet.private.*.id", "aws_subnet.private", Splat.ALL, "id"),
        (
            "aws_lb.this.subnet_mapping[0].subnet_id",
            "aws_lb.this",
            None,
            "subnet_mapping[0].subnet_id",
        ),
        ("aws_lb.this[1].tags[var.k]", "aws_lb.this", 1, "tags[var.k]"),
        ("resource.aws_subnet.private.id", "aws_subnet.private", None, "id"),
        ('data.aws_ecr_image.this["a"].image_uri', "data.aws_ecr_image.this", "a", "image_uri"),
        ("ephemeral.random_password.db.result", "ephemeral.random_password.db", None, "result"),
        ("local.image", "local.image", None, ""),
        ('local.images["api"].tag', "local.images", "api", "tag"),
        ("var.services.api.port", "var.services", None, "api.port"),
        ("module.net.subnet_ids", "module.net.subnet_ids", None, ""),
        ("module.net.subnet_ids[0]", "module.net.subnet_ids", None, "[0]"),
        ('module.net["a"].subnet_ids[0]', "module.net", "a", "subnet_ids[0]"),
        ("module.net", "module.net", None, ""),
        ("each.key", "each.key", None, ""),
        ("each.value", "each.value", None, ""),
        ("each.value.lb.port", "each.value.lb.port", None, ""),
        ('each.value["port"]', "each.value", "port", ""),
        ("count.index", "count.index", None, ""),
        ("path.module", "path.module", None, ""),
        ("self.arn", "self", None, "arn"),
        ('a.b["é \\"x\\" $${y}"].c', "a.b", 'é "x" ${y}', "c"),
        ("ä.ö[1]", "ä.ö", 1, ""),
    ],
)
def test_a_traversal_is_cut_where_terraform_addresses_are_cut(
    written: str, text: str, index: int | str | Splat | None, attribute: str
) -> None:
    assert described(written).references[:1] == (Reference(text, index, attribute),)


def test_an_index_that_is_computed_is_kept_as_an_expression() -> None:
    first, second = described("aws_ecr_repository.this[each.key].repository_url").references
    assert isinstance(first.index, Expression)
    assert (first.text, first.index.text, first.attribute) == (
        "aws_ecr_repository.this",
        "each.key",
        "repository_url",
    )
    assert str(first) == "aws_ecr_repository.this[each.key].repository_url"
    assert second == Reference("each.key")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"${a.b.c}:latest"', ["a.b.c"]),
        ('"$${a.b} %%{if c.d} $${ ${e.f}"', ["e.f"]),
        ('"${~ a.b ~}"', ["a.b"]),
        ('"x ${"y ${a.b} }"} \\" ${c.d}"', ["a.b", "c.d"]),
        ('"${\n  a.b # not }\n}"', ["a.b"]),
        ('<<EOT\n${a.b} " \\ $${c.d}\nEOT', ["a.b"]),
        (
            "<<-EOT\n  %{ for x in a.b ~}\n  ${x.y} ${e.f}\n  %{ endfor }${x.z}\n  EOT",
            ["a.b", "e.f", "x.z"],
        ),
        (
            '"%{ for k, v in a.b }${k.x}${v.x}%{ for k in v.y }${k.z}%{ endfor }${k.q}%{ endfor }"',
            ["a.b"],
        ),
        ('"%{ if(a.b) }${c.d}%{ else }${e.f}%{ endif }"', ["a.b", "c.d", "e.f"]),
        ("[for x in a.b : x.id if x.ok && c.d]", ["a.b", "c.d"]),
        ("{ for k, v in a.b : k.x => v.x... if c.d }", ["a.b", "c.d"]),
        ("[for x in x.y : [for y in x.z : [x.a, y.b, z.c]]]", ["x.y", "z.c"]),
        ("f(a.b, g(c.d...)...)", ["a.b", "c.d"]),
        ("provider::aws::arn_parse(a.b).region", ["a.b"]),
        ('{ image = a.b, image : c.d, (e.f) = 1, "${g.h}" = 2 }', ["a.b", "c.d", "e.f", "g.h"]),
        ("{\n  var = 1\n  for = a.b\n  in = c.d\n}", ["a.b", "c.d"]),
        ("a.b ? c.d : e.f", ["a.b", "c.d", "e.f"]),
        ("!a.b && (c.d == -e.f || g.h)", ["a.b", "c.d", "e.f", "g.h"]),
        ("a.b -10", ["a.b"]),
        ("a.b[0]-10", ["a.b[0]"]),
        ("a.b[c.d[e.f]].g", ["a.b[c.d[e.f]].g", "c.d[e.f]", "e.f"]),
        ("a.b.*.c[d.e].f", ["a.b[*].c[d.e].f", "d.e"]),
        ("(a.b).c", ["a.b.c"]),
        ("(a.b ? c.d : e.f).g[h.i]", ["a.b", "c.d", "e.f", "h.i"]),
        ("f(a.b)[c.d].e", ["a.b", "c.d"]),
        ("[a.b, a.b, a.b[e.k], a.b[e.k]]", ["a.b", "a.b[e.k]", "e.k"]),
        ("[a.b, # c.d\n  /* e.f\n */ g.h,\n]", ["a.b", "g.h"]),
        ("(\n  a.b\n  &&\n  c.d\n)", ["a.b", "c.d"]),
        ("(a.b\n  - c.d)", ["a.b", "c.d"]),
        ("[a.b\n  .c\n  , d.e]", ["a.b.c", "d.e"]),
        ("a.b[c.d].e[f.g]", ["a.b[c.d].e[f.g]", "c.d", "f.g"]),
        ('a.b["$${x}%%{y}"]', ['a.b["$${x}%%{y}"]']),
        ("string", []),
        ("list(object({ a = optional(string) }))", []),
    ],
)
def test_every_traversal_counts_and_nothing_else(written: str, expected: list[str]) -> None:
    assert names(written) == expected


@pytest.mark.parametrize(
    ("written", "shape"),
    [
        ('"x"', Shape.LITERAL),
        ("-1.5", Shape.LITERAL),
        ("null", Shape.LITERAL),
        ("(true)", Shape.LITERAL),
        ("<<E\nx\nE", Shape.LITERAL),
        ("a.b[*].c", Shape.REFERENCE),
        ("((a.b))", Shape.REFERENCE),
        ('"${a.b}"', Shape.REFERENCE),
        ('"${a.b}-"', Shape.TEMPLATE),
        ('"${a.b}${c.d}"', Shape.TEMPLATE),
        ('"%{ if a.b }%{ endif }"', Shape.TEMPLATE),
        ("<<E\n${a.b}\nE", Shape.TEMPLATE),
        ("a.b ? 1 : 2", Shape.CONDITIONAL),
        ('"${a.b ? 1 : 2}"', Shape.CONDITIONAL),
        ("[for x in a.b : x]", Shape.FOR),
        ("{ for x in a.b : x => x }", Shape.FOR),
        ("f(a.b)", Shape.CALL),
        ("a.b + 1", Shape.OPERATION),
        ("!a.b", Shape.OPERATION),
        ("-a.b", Shape.OPERATION),
        ("f(a.b).c", Shape.OPERATION),
        ("[]", Shape.COLLECTION),
        ("{ a = 1 }", Shape.COLLECTION),
    ],
)
def test_an_expression_has_the_shape_of_its_outermost_part(written: str, shape: Shape) -> None:
    assert described(written).shape == shape


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1),
        ("-10", -10),
        ("1.5e3", 1500.0),
        ("true", True),
        ("null", None),
        ('"a\\n\\t\\"\\\\ \\u00fc\\U0001F600 $${x} %%{y} $ % {"', 'a\n\t"\\ ü😀 ${x} %{y} $ % {'),
        ('"u\\u0308"', "ü"),
        ('"${"x"}"', "x"),
        ('"${1}"', 1),
        ('<<EOT\n  a \\n "b" $${c}\n\nEOT', '  a \\n "b" ${c}\n\n'),
        ("<<-EOT\n    a\n\n      b\n  EOT", "a\n\n  b\n"),
        ("<<EOT\nEOT", ""),
        ('[1, "a", [null]]', [1, "a", [None]]),
        ('{ a = 1, "b c" : 2, 3 = [], true = {} }', {"a": 1, "b c": 2, "3": [], "true": {}}),
        ('{ ("k") = 1 }', {"k": 1}),
        ("[]", []),
    ],
)
def test_a_constant_has_the_value_terraform_gives_it(written: str, value: object) -> None:
    literal = described(written).literal
    assert literal == value
    assert type(literal) is type(value)


@pytest.mark.parametrize(
    "written", ["a.b", '"${a.b}"', "1 + 1", "[a.b]", "{ a = b.c }", "{ (k) = 1 }", "f()", "!true"]
)
def test_nothing_is_computed(written: str) -> None:
    assert described(written).literal is MISSING


def test_a_conditional_is_given_in_its_three_parts() -> None:
    found = described('(a.b == "x" ? c.d : "${e.f}")').conditional
    assert found is not None
    assert [each.text for each in found] == ['a.b == "x"', "c.d", '"${e.f}"']
    assert [[str(one) for one in each.references] for each in found] == [["a.b"], ["c.d"], ["e.f"]]
    assert found.true.shape == Shape.REFERENCE


def test_values_of_a_key_are_found_in_every_object_inside() -> None:
    written = """jsonencode([for s in var.all : {
      image = "${aws_ecr_repository.this[s.key].repository_url}:1"
      side  = [{ "image" = "x", (image) = "y" }]
    }])"""
    first, second = described(written).members("image")
    assert [str(each) for each in first.references] == [
        "aws_ecr_repository.this[s.key].repository_url"
    ]
    assert (second.literal, second.span.line) == ("x", 3)
    assert described(written).members("none") == ()


def test_text_and_lines_are_those_of_the_file(local: Local) -> None:
    found = local('merge(a.b, { # why\r\n    x = "ü"\r\n  })   # trailing')
    assert found.text == 'merge(a.b, { # why\n    x = "ü"\n  })'
    assert found.span.lines == ("main.tf", 2, 4)


def test_text_ends_before_the_comment_that_follows_an_operation(local: Local) -> None:
    assert local("a.b == 1 && c.d # all right\n  # next").text == "a.b == 1 && c.d"


def test_a_sum_of_thousands_of_terms_is_read() -> None:
    assert names(" + ".join(f"a.b{number}" for number in range(3_000)))[-1] == "a.b2999"


def quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def hcl(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"[{', '.join(map(hcl, value))}]"
    if isinstance(value, dict):
        return "{" + "\n".join(f"{quoted(key)} = {hcl(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\b\f\\"), max_size=12).map(
    # `$$${` is a dollar and an escape, which no writer of HCL can tell from its neighbour.
    lambda text: unicodedata.normalize("NFC", text).replace("$$", "").replace("%%", "")
)
CONSTANTS = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(CONSTANTS)
def test_any_constant_written_as_hcl_is_read_back(value: Any) -> None:
    assert described(hcl(value)).literal == value


NAMES = st.from_regex(r"[a-zé_][a-z0-9é_-]{0,5}", fullmatch=True).filter(
    lambda name: name not in {"true", "false", "null", "for", "if", "in", "each", "self"}
)
INDEXES = st.one_of(
    st.integers(0, 99).map(lambda number: f"[{number}]"),
    TEXTS.map(lambda key: f"[{quoted(key)}]"),
    st.just("[*]"),
    NAMES.map(lambda name: f"[var.{name}]"),
)


@given(NAMES, NAMES, st.lists(NAMES.map(".{}".format) | INDEXES, max_size=5))
def test_any_traversal_is_read_back_in_any_surrounding(
    kind: str, name: str, rest: list[str]
) -> None:
    root = kind if kind not in {"data", "ephemeral", "module", "resource"} else "aws"
    written = f"{root}.{name}{''.join(rest)}"
    assert names(written)[0] == written
    for around in ('"x ${%s}"', "[1, %s]", "f(%s)", "{ a = %s }", "<<E\n${%s}\nE", "(\n%s\n)"):
        assert names(around.replace("%s", written))[0] == written
