"""Who gave out a token, and how its forms are read."""

from __future__ import annotations

import json
from typing import Any

from policyscan.plan import read_plan
from policyscan.plan.replay import Run
from policyscan.plan.template import DERIVED, Taken, Template
from policyscan.plan.token import Dialect, Issue, make_token, shaped

TOKEN, OTHER, STRAY = (make_token(Dialect.SECOND, seed) for seed in ("a", "b", "c"))
ORIGIN = "aws_x.origin"


def run_of(path: str = "value") -> Run:
    """`aws_x.copy` takes the only token that `aws_x.origin` was given."""
    value = shaped(TOKEN, path)

    def written(name: str, expressions: Any) -> dict[str, Any]:
        return {
            "address": f"aws_x.{name}",
            "mode": "managed",
            "type": "aws_x",
            "name": name,
            "expressions": expressions,
        }

    document = {
        "format_version": "1.2",
        "resource_changes": [
            {
                **{key: value for key, value in written(name, {}).items() if key != "expressions"},
                "change": {"actions": ["create"], "before": None, "after": {path: value}},
            }
            for name in ("copy", "origin")
        ],
        "configuration": {
            "root_module": {
                "resources": [
                    written("copy", {path: {"references": [f"{ORIGIN}.{path}"]}}),
                    written("origin", {}),
                ]
            }
        },
    }
    plan = read_plan(json.dumps(document).encode(), "plan.json")
    return Run(plan, {TOKEN: Issue(1, "aws_x", path), OTHER: Issue(2, "aws_x", "lost")})


def test_a_token_belongs_to_who_was_given_it_and_not_to_who_takes_it() -> None:
    assert run_of().owners == {1: ORIGIN}
    assert run_of().read(f"x-{TOKEN}") == Template(("x-", Taken(ORIGIN, "value")))


def test_a_token_nobody_shows_or_nobody_gave_out_cannot_be_told() -> None:
    assert run_of().read(OTHER) == Template((DERIVED,))
    assert run_of().read(f"{STRAY}!") == Template((DERIVED, "!"))


def test_a_text_without_tokens_is_plain() -> None:
    assert run_of().read("plain") == "plain"


def test_a_piece_of_a_form_is_not_the_whole() -> None:
    run = run_of("arn")
    arn = shaped(TOKEN, "arn")
    assert run.read(arn) == Template((Taken(ORIGIN, "arn"),))
    for piece in (TOKEN, arn.split(":")[5], arn.upper()):
        assert run.read(piece) == Template((Taken(ORIGIN, "arn", is_whole=False),))
    account = Taken(ORIGIN, "arn", is_whole=False)
    assert run.read(f"{TOKEN}:{TOKEN}") == Template((account, ":", account))


def test_a_value_written_twice_is_read_twice() -> None:
    both = Taken(ORIGIN, "value")
    assert run_of().read(f"{TOKEN}/{TOKEN}") == Template((both, "/", both))
