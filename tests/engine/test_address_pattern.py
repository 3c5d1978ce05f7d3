"""Patterns of addresses: what each means, and what it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.engine.address_pattern import address_pattern, literal, steps_of
from policyscan.errors import ConfigError
from policyscan.plan.address import key_text

BUCKET = "aws_s3_bucket.logs"


def matches(pattern: str, address: str) -> bool:
    return address_pattern(pattern).matches(steps_of(address))


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        (BUCKET, BUCKET),
        # Without a key every instance is meant, as with -target.
        (BUCKET, f"{BUCKET}[0]"),
        (BUCKET, f'{BUCKET}["a"]'),
        (f"module.net.{BUCKET}", f'module.net["a"].{BUCKET}[1]'),
        (f"{BUCKET}[*]", f"{BUCKET}[0]"),
        (f"{BUCKET}[*]", f'{BUCKET}["a"]'),
        (f'{BUCKET}["*"]', f'{BUCKET}["a.b"]'),
        (f'{BUCKET}["eu-*-1"]', f'{BUCKET}["eu-west-1"]'),
        (f'{BUCKET}["*.example.com"]', f'{BUCKET}["*.example.com"]'),
        (f'{BUCKET}["a[0]"]', f'{BUCKET}["a[0]"]'),
        (f'{BUCKET}["[ab]"]', f'{BUCKET}["[ab]"]'),
        (f'{BUCKET}["\\"]"]', f'{BUCKET}["\\"]"]'),
        (f'{BUCKET}["a?"]', f'{BUCKET}["a?"]'),
        ("aws_s3_*.logs", BUCKET),
        ("aws_s3_bucket.*", f'{BUCKET}["a"]'),
        (f"*.{BUCKET}", BUCKET),
        (f"*.{BUCKET}", f'module.a["x"].module.b.{BUCKET}'),
        ("module.net.*", "module.net.module.inner.data.aws_vpc.this"),
        ("*", f'module.a["x"].{BUCKET}[0]'),
        ("*", "(plan)"),
        ("data.aws_vpc.this", "data.aws_vpc.this"),
    ],
)
def test_a_pattern_means_these(pattern: str, address: str) -> None:
    assert matches(pattern, address)


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        (BUCKET, "aws_s3_bucket.log"),
        (BUCKET, f"module.net.{BUCKET}"),
        (BUCKET, f"{BUCKET}.more"),
        (f"{BUCKET}[0]", f"{BUCKET}[1]"),
        (f"{BUCKET}[0]", f'{BUCKET}["0"]'),
        (f"{BUCKET}[*]", BUCKET),
        (f'{BUCKET}["*"]', f"{BUCKET}[0]"),
        # A class of characters would match these.
        (f'{BUCKET}["[ab]"]', f'{BUCKET}["a"]'),
        (f'{BUCKET}["a?"]', f'{BUCKET}["ab"]'),
        (f'{BUCKET}["A"]', f'{BUCKET}["a"]'),
        (r'aws_s3_bucket.logs["\*.x"]', f'{BUCKET}["a.x"]'),
        # A wildcard stays within the quotes of its key.
        ('module.a["*"].aws_s3_bucket.b', 'module.a["x"].module.c["y"].aws_s3_bucket.b'),
        (f'module.a["*"].{BUCKET}', f'module.a["x"].aws_x.y["z.{BUCKET}"]'),
        (f"*.{BUCKET}", f'aws_x.y["z.{BUCKET}"]'),
        # And one in a name within its name.
        ("aws_s3*", BUCKET),
        ("module.n*", f"module.net.{BUCKET}"),
        ("*.aws_vpc.this", "data.aws_vpc.other"),
        (BUCKET, f"{BUCKET} (deposed 00000000)"),
        (f"{BUCKET}[0]", f"{BUCKET}[0] (deposed 00000000)"),
    ],
)
def test_a_pattern_does_not_mean_these(pattern: str, address: str) -> None:
    assert not matches(pattern, address)


def test_what_stands_for_a_secret_key_is_waived_only_with_all_keys() -> None:
    secret = f'{BUCKET}["eu-(sensitive 1)"]'
    assert [matches(each, secret) for each in (BUCKET, f"{BUCKET}[*]", f'{BUCKET}["*"]')] == [
        True,
        True,
        True,
    ]
    for pattern in ('["eu-*"]', '["e*1)"]', '["eu-hunter2"]', '["**"]'):
        assert not matches(f"{BUCKET}{pattern}", secret)
    with pytest.raises(ConfigError, match=r"write \[\*\] for every instance"):
        address_pattern(secret)


@pytest.mark.parametrize(
    "pattern",
    [
        *("", ".", "a.", ".a", "a..b", "a[b]", "a[ab].c", 'a["b].c', "a[0", "a[]", "a[-1]", "a b]"),
        *('a["b"]c', "a[0][1]", "a\\.b", 'a."b"', "a['b']"),
    ],
)
def test_what_is_no_pattern_is_said(pattern: str) -> None:
    with pytest.raises(ConfigError, match="is no address, such as"):
        address_pattern(pattern)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.text("ab*\\", max_size=6))
def test_the_literal_pattern_of_an_address_means_it_and_nothing_else(key: str, other: str) -> None:
    address = f"module.m{key_text(key)}.{BUCKET}[0]"
    pattern = literal(address)
    assert matches(pattern, address) == ("(sensitive" not in key)
    another = f"module.m{key_text(other)}.{BUCKET}[0]"
    assert matches(pattern, another) == (other == key)


def test_a_star_in_an_address_is_written_as_one() -> None:
    assert literal(f'{BUCKET}["*.x"]') == f'{BUCKET}["\\*.x"]'
    assert not matches(literal(f'{BUCKET}["*.x"]'), f'{BUCKET}["a.x"]')


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_a_star_stands_for_any_letters(pattern: str, key: str) -> None:
    # The plainest way to say the same.
    def fits(left: str, right: str) -> bool:
        if not left:
            return not right
        if left[0] == "*":
            return fits(left[1:], right) or (right != "" and fits(left, right[1:]))
        return right != "" and left[0] == right[0] and fits(left[1:], right[1:])

    assert matches(f'a.b["{pattern}"]', f'a.b["{key}"]') == fits(pattern, key)


def test_many_stars_take_no_time() -> None:
    assert not matches("a.b[" + '"' + "*a" * 500 + '*b"]', 'a.b["' + "a" * 1000 + '"]')
