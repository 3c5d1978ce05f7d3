"""Texts of which parts are missing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.plan.template import DERIVED, Taken, Template, encoded, template_of

A = Taken("aws_x.a", "arn")
B = Taken('module.m["k"].aws_y.b[0]', "id", is_whole=False)
parts = st.lists(st.one_of(st.text(max_size=4), st.sampled_from([A, B, DERIVED])), max_size=6)
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Co"]), max_size=5),
    st.builds(lambda start, part: Template((start, part)), st.just("x-"), st.sampled_from([A, B])),
)
documents = st.recursive(
    st.one_of(texts, st.none(), st.booleans(), st.integers()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)


@given(documents)
def test_decoding_undoes_encoding(tree: Any) -> None:
    text = encoded([tree])
    document = text.document() if isinstance(text, Template) else json.loads(text)
    assert document == [tree]


@given(parts)
def test_parts_put_together_keep_every_text_and_order(several: list[str | Taken]) -> None:
    whole = template_of(iter(several))
    expected = "".join(str(part) for part in several)
    assert str(whole) == expected
    assert isinstance(whole, str) == all(isinstance(part, str) for part in several)
    if isinstance(whole, Template):
        assert "" not in whole.parts
        pairs = zip(whole.parts, whole.parts[1:], strict=False)
        assert not any(isinstance(a, str) and isinstance(b, str) for a, b in pairs)


def test_a_template_says_what_will_fill_it_each_once() -> None:
    template = Template(("x-", A, "/", B, "/", A, DERIVED))
    assert template.taken == (A, B)
    assert template.text == "x-//"
    assert template.is_derived
    assert not Template((A,)).is_derived
    assert template.filled(lambda part: part.attribute.upper()) == "x-ARN/ID/ARN"


def test_a_template_is_shown_as_terraform_would_write_it() -> None:
    assert str(Template(("x-", A, DERIVED))) == "x-${aws_x.a.arn}(known after apply)"
    assert str(Template(("secret-", A), is_sensitive=True)) == "(sensitive)"


def test_what_is_decoded_from_a_sensitive_template_is_sensitive() -> None:
    template = Template(('[{"a":"', A, '"},"', A, 'secret"]'), is_sensitive=True)
    first, second = template.decoded()
    assert [str(first["a"]), str(second)] == ["(sensitive)", "(sensitive)"]


def test_keys_are_decoded_as_text_that_names_what_is_missing() -> None:
    template = Template(('{"', A, ':sub":1,"', B, '":2}'), is_sensitive=True)
    assert template.decoded() == {
        "${aws_x.a.arn}:sub": 1,
        '${module.m["k"].aws_y.b[0].id}': 2,
    }
    assert list(template.document()) == [
        Template((A, ":sub"), is_sensitive=True),
        Template((B,), is_sensitive=True),
    ]


@pytest.mark.parametrize(
    "template",
    [
        Template((A,)),
        Template(("{", A, "}")),
        Template(('["\ue0000\ue001', A, '"]')),
        Template(('["\\ue0009\\uE001', A, '"]')),
        Template(('["', A)),
        Template(("[" * 100 + '"', A, '"' + "]" * 100)),
        Template(("[" * 100_000, A)),
    ],
)
def test_what_is_no_document_is_refused(template: Template) -> None:
    with pytest.raises(ValueError, match=r".+"):
        template.decoded()


def test_a_number_that_will_be_filled_in_is_no_document() -> None:
    with pytest.raises(ValueError, match=r".+"):
        Template(('{"port": ', A, "}")).decoded()
