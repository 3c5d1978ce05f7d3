"""Tokens: found again whatever Terraform's text functions do to them, and never mistaken."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.plan.token import Dialect, find_tokens, make_token, shaped

seeds = st.text(max_size=20)
dialects = st.sampled_from(Dialect)
paths = st.sampled_from(["id", "arn", "role_arn", "repository_url", "policy", "tags.x", "b.json"])
# What configurations are made of: none of it spells a token.
words = st.text(alphabet='abcdefghijklmnopqrstuvwxyz0123456789-_:/., {}"\n', max_size=12)


def tokens_in(text: str) -> list[str]:
    return [token for _, token, _ in find_tokens(text) if token]


@given(dialects, seeds, paths, words, words)
def test_a_token_is_found_once_in_its_form_between_any_texts(
    dialect: Dialect, seed: str, path: str, before: str, after: str
) -> None:
    token = make_token(dialect, seed)
    found = list(find_tokens(f"{before} {shaped(token, path)} {after}"))
    assert found == [(f"{before} ", token, shaped(token, path)), (f" {after}", "", "")]


@given(dialects, seeds, paths)
def test_a_token_survives_letter_case_splitting_joining_and_json(
    dialect: Dialect, seed: str, path: str
) -> None:
    token = make_token(dialect, seed)
    text = shaped(token, path)
    for changed in (text.upper(), text.lower(), text.title(), f"{text:>400}", f'"{text}"'):
        assert tokens_in(changed) == [token]
    assert tokens_in(json.dumps(json.dumps({"a": [text]}))) == [token]
    for separator in (":", "/", "."):
        pieces = [each for each in text.split(separator) if tokens_in(each)]
        assert {token} == {found for piece in pieces for found in tokens_in(piece)}


@given(dialects, st.lists(seeds, min_size=2, max_size=4, unique=True))
def test_tokens_side_by_side_stay_apart(dialect: Dialect, several: list[str]) -> None:
    tokens = [make_token(dialect, seed) for seed in several]
    assert tokens_in("".join(tokens)) == tokens
    assert tokens_in("/".join(tokens)) == tokens


@given(dialects, seeds, seeds, st.integers(1, 30), st.integers(1, 30))
def test_a_cut_token_is_never_another(
    dialect: Dialect, one: str, other: str, end: int, start: int
) -> None:
    first, second = make_token(dialect, one), make_token(dialect, other)
    for text in (first[:end], first[start:], first[:end] + second, first + second[start:]):
        assert set(tokens_in(text)) <= {first, second} | {first[:end] + second[start:]}
    assert tokens_in(first[: len(first) - 1]) == []
    assert tokens_in(first[1:]) == []


@given(seeds, st.integers(0, 12), st.integers(1, 4))
def test_no_piece_of_a_token_is_the_same_in_both_dialects(
    seed: str, start: int, length: int
) -> None:
    first, second = (make_token(dialect, seed) for dialect in Dialect)
    assert set(first) & set(second) == set()
    assert first[start : start + length] != second[start : start + length]
    assert len(first) != len(second)


@given(seeds, seeds)
def test_the_dialects_sort_tokens_in_opposite_orders(one: str, other: str) -> None:
    first = [make_token(Dialect.FIRST, seed) for seed in (one, other)]
    second = [make_token(Dialect.SECOND, seed) for seed in (one, other)]
    if first[0] != first[1]:
        assert (first[0] < first[1]) == (second[0] > second[1])


@pytest.mark.parametrize("separator", [":", "/", "."])
@pytest.mark.parametrize("path", ["arn", "repository_url"])
def test_the_parts_of_a_form_are_tokens_or_plain_facts(path: str, separator: str) -> None:
    first, second = (shaped(make_token(dialect, "x"), path) for dialect in Dialect)
    same = set(first.split(separator)) & set(second.split(separator))
    assert same <= {"arn", "dkr", "ecr", "amazonaws"}
    assert first.split(separator) != second.split(separator)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("id", "T"),
        ("arn", "arn:aws:T:T:T:T/T"),
        ("nested.role_arn", "arn:aws:T:T:T:T/T"),
        ("repository_url", "T.dkr.ecr.T.amazonaws.com/T"),
        ("policy", '{"T":"T"}'),
        ("minified_json", '{"T":"T"}'),
        ("learn", "T"),
    ],
)
def test_the_form_follows_from_the_name_of_the_attribute(path: str, expected: str) -> None:
    token = make_token(Dialect.FIRST, "x")
    assert shaped(token, path) == expected.replace("T", token)


def test_a_slash_in_the_last_part_of_an_arn_is_not_told() -> None:
    token = make_token(Dialect.SECOND, "x")
    last = shaped(token, "arn").split(":")[5]
    assert list(find_tokens(last)) == [("", token, last), ("", "", "")]


def test_random_text_holds_no_token() -> None:
    assert tokens_in(os.urandom(200_000).hex() + "mfj zqs") == []
