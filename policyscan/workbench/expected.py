"""Reads and writes `expected.json`: the verdicts a fixture must get, and what to know of it.

    {
      "ACME001": {"aws_s3_bucket.logs": "fail"},
      "parameters": {"days": 30},
      "source": false,
      "others": ["ACME007"],
      "traps": {"a bucket of another region": "aws_s3_bucket.far"}
    }

`parameters` sets those of the fixture's rule. `source` false judges the plan alone, as if no `.tf`
file were at hand. `others` are the other rules of the pack that fail something here, wherever;
where that matters, their verdicts are listed by address instead. `traps` says in words what an
address looks like that the rule must not fail. A file beside the folders of the rules says what
holds for all of their fixtures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from policyscan.engine.contract import RULE_ID
from policyscan.errors import ConfigError
from policyscan.rule import Verdict

EXPECTED_FILE: Final = "expected.json"
_KEYS: Final = ("source", "others", "parameters", "traps")
_VERDICTS: Final = tuple(str(each) for each in Verdict if each is not Verdict.ERROR)


class Expected(Struct, frozen=True):
    """What an `expected.json` says.

    Verdicts are by rule and address, parameters by name, and traps by the words for them.
    """

    verdicts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    traps: Mapping[str, str] = field(default_factory=dict)
    source: bool = True
    others: tuple[str, ...] = ()

    def of(self, rule: str) -> Mapping[str, str]:
        """The verdicts of one rule by address."""
        return self.verdicts.get(rule, {})


def read_expected(*folders: Path) -> Expected:
    """What is expected in a folder, on top of what those before it say; a file may be missing.

    Raises ConfigError: one is not what this module's docstring says.
    """
    documents = [_document(folder / EXPECTED_FILE) for folder in folders]
    merged: dict[str, Any] = {}
    for document in documents:
        merged |= document
    return Expected(
        verdicts={key: value for key, value in merged.items() if RULE_ID.fullmatch(key)},
        parameters=merged.get("parameters", {}),
        traps=merged.get("traps", {}),
        source=merged.get("source", True),
        others=tuple(merged.get("others", ())),
    )


def write_expected(
    folder: Path, verdicts: Mapping[str, Mapping[str, str]], others: Iterable[str]
) -> None:
    """Put these in the place of all verdicts of a folder, and keep what else its file says."""
    file = folder / EXPECTED_FILE
    kept = {key: value for key, value in _document(file).items() if not RULE_ID.fullmatch(key)}
    kept.pop("others", None)
    found: dict[str, Any] = kept | dict(verdicts)
    if listed := sorted(others):
        found["others"] = listed
    text = json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False)
    file.write_text(f"{text}\n", encoding="utf-8")


def _document(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as problem:
        raise ConfigError(f"{file}: not JSON: {problem}") from None
    if not isinstance(document, dict):
        raise ConfigError(f'{file}: an object belongs here, such as {{"ACME001": {{}}}}')
    for key, value in document.items():
        if why := _fault(key, value):
            raise ConfigError(f"{file}: {why}")
    return document


def _fault(key: str, value: object) -> str:
    if RULE_ID.fullmatch(key):
        wrong = _not_texts(value, _VERDICTS)
        return f"{key} maps addresses to {' or '.join(_VERDICTS)}{wrong}" if wrong else ""
    if key == "traps":
        wrong = _not_texts(value)
        return f"traps maps words to the address they describe{wrong}" if wrong else ""
    if key == "parameters":
        return "" if isinstance(value, dict) else "parameters maps names to values"
    if key == "source":
        return "" if isinstance(value, bool) else "source is true or false"
    if key == "others":
        is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
        return "" if is_list else "others is a list of ids of rules"
    close = get_close_matches(key, _KEYS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: ids of rules, {', '.join(_KEYS)}"
    return f"unknown key {key!r}; {hint}"


def _not_texts(value: object, allowed: Iterable[str] = ()) -> str:
    """What is wrong with a map of texts, as the end of a sentence; "" if nothing."""
    if not isinstance(value, dict):
        return f", and is no {type(value).__name__}"
    choice = tuple(allowed)
    for key, each in value.items():
        if not isinstance(each, str) or (choice and each not in choice):
            return f", not {key!r} to {each!r}"
    return ""
