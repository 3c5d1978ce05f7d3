"""The JSON report is written piece by piece, and is what it would be as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.report import json_report

TEXTS = st.text(st.characters(exclude_categories=()), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.lists(
    st.fixed_dictionaries(
        {"plan": VALUES, "verdicts": st.lists(VALUES, max_size=7), "end": VALUES}
    ),
    min_size=1,
    max_size=3,
)
render = json_report.render_json
"""As it is, not as it is wrapped for all tests to hold reports against their schema."""


def drawn(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "verdicts": iter(document["verdicts"])}


@given(DOCUMENTS)
def test_pieces_make_the_text_that_the_standard_library_makes_of_the_whole(
    documents: list[dict[str, Any]],
) -> None:
    whole = documents[0] if len(documents) == 1 else documents
    expected = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    expected = expected.encode(errors="backslashreplace").decode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_report, "_BATCH", 3)
        assert expected == "".join(render([drawn(each) for each in documents]))


def test_verdicts_are_made_as_they_are_written() -> None:
    made = []

    def verdicts() -> Iterator[int]:
        for number in range(5000):
            made.append(number)
            yield number

    pieces = render([{"verdicts": verdicts(), "end": None}])
    written = ""
    while "999" not in written:
        written += next(pieces)
    assert len(made) == 1000
    assert json.loads(written + "".join(pieces)) == {"verdicts": [*range(5000)], "end": None}
