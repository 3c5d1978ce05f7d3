"""What a replay makes up: tokens for computed texts, and what data sources tell.

Whatever is made up differs from dialect to dialect, so that nothing is concluded from it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from policyscan.errors import PlannerError
from policyscan.plan.token import Dialect, Issue, find_tokens, make_token, shaped
from policyscan.planner.data_sources import complete
from policyscan.planner.prior import Answers
from policyscan.planner.wire import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyscan.planner.provider import Configuration, Reader
    from policyscan.planner.schema import Block
    from policyscan.planner.strategy import Change

_FUNCTIONS = frozenset({"aws_arn", "aws_iam_policy_document", "null_data_source"})
"""Data sources that are functions of their arguments, whatever account asks."""
_OF_REGIONS = frozenset({"aws_partition", "aws_region", "aws_service_principal"})
"""Those that depend on the region too; what is here says of ordinary regions only."""
_SPECIAL = ("cn-", "us-gov-", "us-iso", "eu-isoe-")


_ENUMERATED = re.compile(
    r"(?:^|[._])(?:state|status|type|class|mode|version|engine|platform|tier|protocol|region|zone"
    r"|partition|tenancy|family|edition|license|scheme)$"
)
"""Attributes with a few possible values: expressions compare them with literals.

No token is ever equal to one, though the real value may be, so these stay unknown.
"""


class Tokens:
    """Plans a token of one dialect for every computed text, but for those to leave unknown.

    `left_unknown` holds (resource type, dotted path) of attributes that an expression cannot
    work with as a token. `issued` tells afterwards where each token was given out.
    """

    def __init__(self, dialect: Dialect, left_unknown: frozenset[tuple[str, str]]) -> None:
        self.dialect = dialect
        self._left_unknown = left_unknown
        self._issued: dict[str, Issue] = {}
        self._seeds: dict[str, str] = {}
        self._alike: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def issued(self) -> Mapping[str, Issue]:
        """Token -> where it was given out."""
        return dict(self._issued)

    def of(self, config: Any) -> TokensOfObject:
        """The strategy for the object of one configuration."""
        return TokensOfObject(self, config)

    def compute(self, resource_type: str) -> Callable[[str, Any], Any]:
        """Give a token for each computed text of one planned object."""
        return self.of(None).compute(resource_type)

    def begin(self, resource_type: str, config: Any) -> Callable[[str, Any], Any]:
        """The same for an object of which the configuration is known.

        The tokens follow from what is configured and not from the order in which core plans, so
        that they sort alike in every replay.
        """
        with self._lock:
            seed = f"{resource_type} {self._canonical(config)}"
            self._alike[seed] += 1
            seed = f"{seed} {self._alike[seed]}"
            number = next(self._numbers)
        seen: Counter[str] = Counter()

        def value(path: str, kind: Any) -> Any:
            is_followed = kind == "string" and _ENUMERATED.search(path) is None
            if not is_followed or (resource_type, path) in self._left_unknown:
                return UNKNOWN
            token = ""
            with self._lock:
                while not token or token in self._issued:
                    seen[path] += 1
                    seed_here = f"{seed} {path} {seen[path]}"
                    token = make_token(self.dialect, seed_here)
                self._issued[token] = Issue(number, resource_type, path)
                self._seeds[token] = hashlib.blake2b(seed_here.encode()).hexdigest()
            return shaped(token, path)

        return value

    def _canonical(self, config: Any) -> str:
        """A text for a configuration that is the same in both dialects."""
        if isinstance(config, dict):
            members = sorted(
                f"{self._canonical(key)}={self._canonical(inner)}" for key, inner in config.items()
            )
            return "{" + ",".join(members) + "}"
        if isinstance(config, list):
            return "[" + ",".join(sorted(map(self._canonical, config))) + "]"
        if isinstance(config, str):
            return "".join(
                before + self._seeds.get(token, "") for before, token, _ in find_tokens(config)
            )
        return repr(config)

    def word(self) -> str:
        """A text that stands for what nobody knows."""
        return make_token(self.dialect, "")

    def apply(self, change: Change) -> dict[str, Any] | None:
        """Refuse. Raises PlannerError: always."""
        raise PlannerError(f"{change.resource_type}: a replay is not for applying")


class TokensOfObject(Struct, frozen=True):
    """`Tokens` for the object of one configuration."""

    tokens: Tokens
    config: Any

    def compute(self, resource_type: str) -> Callable[[str, Any], Any]:
        """Give a token for each computed text of the object."""
        return self.tokens.begin(resource_type, self.config)

    def apply(self, change: Change) -> dict[str, Any] | None:
        """Refuse. Raises PlannerError: always."""
        return self.tokens.apply(change)


class ReplayReader(Struct, frozen=True):
    """Answers data sources with what the plan was told, else with tokens.

    Numbers, truths and lengths that only an account knows differ from dialect to dialect.
    """

    own: Reader
    answered: Mapping[str, Answers]
    tokens: Tokens

    def read(
        self, configuration: Configuration, type_name: str, block: Block, config: dict[str, Any]
    ) -> dict[str, Any]:
        """The whole object of a data source. Raises PlannerError: its arguments are wrong."""
        answers = self.answered.get(type_name, Answers(type_name))
        told = answers.to(config, config.get("region") or configuration.region)
        is_first = self.tokens.dialect is Dialect.FIRST
        if len(told) == 1 and (answers.is_complete or not is_first):
            return complete(block, config, told[0])
        if self._is_computed(configuration, type_name, config):
            try:
                return self.own.read(configuration, type_name, block, config)
            except PlannerError:
                if not any(token for _, token, _ in find_tokens(json.dumps(config, default=repr))):
                    raise
        if told and not is_first:
            # One of the answers is right: what comes out the same with a token is, too.
            return complete(block, config, told[-1])
        text = self.tokens.begin(type_name, config)
        made_up = {
            name: self._made_up(attribute.type, name, text)
            for name, attribute in block.attributes.items()
            if attribute.computed
        }
        return complete(block, config, made_up)

    def _is_computed(
        self, configuration: Configuration, type_name: str, config: dict[str, Any]
    ) -> bool:
        if type_name in _FUNCTIONS:
            # Nobody knows what stands in a document that is a token.
            return not any(
                form[:1] == "{" for *_, form in find_tokens(json.dumps(config, default=repr))
            )
        region = configuration.region
        is_ordinary = isinstance(region, str) and region != self.tokens.word()
        return type_name in _OF_REGIONS and is_ordinary and not region.startswith(_SPECIAL)

    def _made_up(self, kind: Any, path: str, text: Callable[[str, Any], Any]) -> Any:
        is_first = self.tokens.dialect is Dialect.FIRST
        match kind:
            case "string":
                found = text(path, kind)
                return found if isinstance(found, str) else _plain_text(path, is_first=is_first)
            case "number":
                return 1 if is_first else 2
            case "bool":
                return is_first
            case ["list" | "set", element]:
                # Long enough for those who count on a few.
                size = 6 if is_first else 7
                return [self._made_up(element, path, text) for _ in range(size)]
            case ["map", element]:
                return {text(path, "string"): self._made_up(element, path, text)}
            case ["object", members]:
                return {
                    name: self._made_up(inner, f"{path}.{name}", text)
                    for name, inner in members.items()
                }
            case _:
                return None


def _plain_text(path: str, *, is_first: bool) -> str:
    """For expressions that want a range of addresses, or a number: a data source has no unknown."""
    if "cidr" in path:
        return "10.0.0.0/8" if is_first else "172.16.0.0/12"
    return "1" if is_first else "2"
