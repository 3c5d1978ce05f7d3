"""Masked HCL -> the tree python-hcl2 would make of it, where there is no doubt what that is.

Python-hcl2 takes 0.1 s to load and a millisecond for each ten lines. Nearly all that people write
is plain, and read here by recursive descent. It is left to python-hcl2 what is not: constructs that
are rare, everything its grammar reads in a way of its own, and whatever is wrong.
Source: hcl2.lark of python-hcl2, whose rules give nodes their names.
"""

from __future__ import annotations

from typing import Final

from policyscan.source.twig import STRENGTH, Token, Twig, Unsure, split

_CONSTANTS: Final = {"true", "false", "null"}
_KEYWORDS: Final = {"if", "in", "for", "for_each", "else", "endif", "endfor"}


def quick(masked: str) -> Twig | None:
    """The body that a masked text is; None where python-hcl2 has to look."""
    try:
        return _Parser(masked).whole()
    except (Unsure, RecursionError):
        return None


class _Parser:
    """Reads on from the token `self._at`."""

    def __init__(self, masked: str) -> None:
        self._masked = masked
        self._tokens = split(masked)
        self._at = 0

    # -- tokens --------------------------------------------------------------------------------

    @property
    def _kind(self) -> str:
        return self._tokens[self._at].kind

    def _take(self, *kinds: str) -> Token:
        token = self._tokens[self._at]
        if token.kind not in kinds:
            raise Unsure
        self._at += 1
        return token

    def _skip(self, kind: str) -> bool:
        if self._kind != kind:
            return False
        self._at += 1
        return True

    def _word(self) -> str:
        token = self._tokens[self._at]
        return self._masked[token.start : token.end] if token.kind == "name" else ""

    # -- bodies --------------------------------------------------------------------------------

    def whole(self) -> Twig:
        """The text as one body."""
        body = self._body("end")
        self._take("end")
        return body

    def _body(self, until: str) -> Twig:
        start = self._tokens[self._at].start
        found: list[Twig] = []
        self._skip("line")
        while self._kind != until:
            found.append(self._argument_or_block())
            if self._kind != until:
                self._take("line")
        return Twig("body", start, self._tokens[self._at - 1].end, *found)

    def _argument_or_block(self) -> Twig:
        name = self._name_of_argument()
        if self._skip("="):
            value = self._expression()
            return Twig("attribute", name.start_pos, value.end_pos, name, value)
        labels: list[Twig] = []
        while self._kind != "{":
            is_string = self._kind == "string"
            labels.append(self._string() if is_string else self._name_of_argument())
        self._take("{")
        body = self._body("}")
        return Twig("block", name.start_pos, self._take("}").end, name, *labels, body)

    def _name_of_argument(self) -> Twig:
        word, token = self._word(), self._take("name")
        sort = "keyword" if word in _KEYWORDS else "identifier"
        return Twig("literal_value" if word in _CONSTANTS else sort, token.start, token.end)

    def _identifier(self) -> Twig:
        if self._word() in _KEYWORDS | _CONSTANTS:
            raise Unsure
        token = self._take("name")
        return Twig("identifier", token.start, token.end)

    def _string(self) -> Twig:
        token = self._take("string")
        return Twig("string", token.start, token.end)

    # -- expressions ---------------------------------------------------------------------------

    def _expression(self) -> Twig:
        condition = self._binary()
        if not self._skip("?"):
            return condition
        self._skip("line")
        if_true = self._expression()
        self._skip("line")
        self._take(":")
        self._skip("line")
        if_false = self._expression()
        parts = (condition, if_true, if_false)
        return Twig("conditional", condition.start_pos, if_false.end_pos, *parts)

    def _binary(self, least: int = 0) -> Twig:
        """Terms joined by operators that bind at least so closely, from left to right."""
        left = self._unary()
        while (strength := STRENGTH.get(self._kind, -1)) >= least:
            sign = self._take(self._kind)
            if sign.kind == "-" and self._kind == "number" and self._glued(sign):
                raise Unsure
            self._skip("line")
            right = self._binary(strength + 1)
            operator = Twig("binary_operator", sign.start, sign.end)
            term = Twig("binary_term", sign.start, right.end_pos, operator, right)
            left = Twig("binary_op", left.start_pos, right.end_pos, left, term)
        return left

    def _glued(self, token: Token) -> bool:
        return self._tokens[self._at].start == token.end

    def _unary(self) -> Twig:
        if self._kind not in {"-", "!"}:
            return self._term()
        sign = self._take("-", "!")
        number = self._tokens[self._at]
        is_number = sign.kind == "-" and number.kind == "number" and self._glued(sign)
        if is_number and number.end - number.start > 1:
            # Python-hcl2 takes the minus for a part of the number, if that has two digits.
            raise Unsure
        operand = self._term()
        return Twig("unary_op", sign.start, operand.end_pos, operand)

    def _term(self) -> Twig:
        token = self._tokens[self._at]
        match token.kind:
            case "name":
                inner = self._named()
            case "number":
                self._at += 1
                is_whole = self._masked[token.start : token.end].isdigit()
                inner = Twig("int_lit" if is_whole else "float_lit", token.start, token.end)
            case "string":
                inner = self._string()
            case "(":
                self._at += 1
                inner = self._expression()
                return self._onward(Twig("expr_term", token.start, self._take(")").end, inner))
            case "[":
                inner = self._tuple()
            case "{":
                inner = self._object()
            case _:
                raise Unsure
        return self._onward(Twig("expr_term", inner.start_pos, inner.end_pos, inner))

    def _named(self) -> Twig:
        if self._word() in _CONSTANTS:
            token = self._take("name")
            return Twig("literal_value", token.start, token.end)
        name = self._identifier()
        if not self._skip("("):
            return name
        given: list[Twig] = []
        while self._kind != ")":
            given.append(self._expression())
            if not self._skip(","):
                self._skip("...")
                break
        end = self._take(")").end
        if given:
            inside = Twig("arguments", given[0].start_pos, given[-1].end_pos, *given)
            return Twig("function_call", name.start_pos, end, name, inside)
        return Twig("function_call", name.start_pos, end, name)

    def _onward(self, term: Twig) -> Twig:
        """A term with the attributes, indexes and splats that follow it."""
        while self._kind in {".", "[", "[*]", ".*"}:
            if self._kind in {".", "["}:
                sort, tail = self._step()
            else:
                splat = self._take("[*]", ".*")
                sort = "full_splat" if splat.kind == "[*]" else "attr_splat"
                steps: list[Twig] = []
                while self._kind in {".", "["}:
                    steps.append(self._step()[1])
                tail = Twig(sort, splat.start, self._tokens[self._at - 1].end, *steps)
            start, end = term.start_pos, tail.end_pos
            term = Twig("expr_term", start, end, Twig(f"{sort}_expr_term", start, end, term, tail))
        return term

    def _step(self) -> tuple[str, Twig]:
        if self._kind == ".":
            start = self._take(".").start
            name = self._identifier()
            return "get_attr", Twig("get_attr", start, name.end_pos, name)
        start = self._take("[").start
        index = self._expression()
        return "index", Twig("braces_index", start, self._take("]").end, index)

    # -- collections ---------------------------------------------------------------------------

    def _tuple(self) -> Twig:
        start = self._take("[").start
        if self._word() == "for":
            parts = [self._loop(), self._expression(), *self._filter()]
            return Twig("for_tuple_expr", start, self._take("]").end, *parts)
        found: list[Twig] = []
        while self._kind != "]":
            found.append(self._expression())
            if not self._skip(","):
                break
        return Twig("tuple", start, self._take("]").end, *found)

    def _object(self) -> Twig:
        start = self._take("{").start
        self._skip("line")
        if self._word() == "for":
            return self._for_object(start)
        found: list[Twig] = []
        while self._kind != "}":
            if self._word() in _KEYWORDS:
                raise Unsure
            key = self._binary()
            self._take("=", ":")
            value = self._expression()
            name = Twig("object_elem_key", key.start_pos, key.end_pos, key)
            found.append(Twig("object_elem", key.start_pos, value.end_pos, name, value))
            is_apart = self._skip("line")
            is_apart |= self._skip(",")
            self._skip("line")
            if not is_apart and self._kind != "}":
                raise Unsure
        return Twig("object", start, self._take("}").end, *found)

    def _for_object(self, start: int) -> Twig:
        parts = [self._loop(), self._expression()]
        self._take("=>")
        self._skip("line")
        parts.append(self._expression())
        self._skip("line")
        self._skip("...")
        self._skip("line")
        parts += self._filter()
        self._skip("line")
        return Twig("for_object_expr", start, self._take("}").end, *parts)

    def _loop(self) -> Twig:
        start = self._take("name").start
        parts = [self._identifier()]
        if self._skip(","):
            parts.append(self._identifier())
        if self._word() != "in":
            raise Unsure
        self._take("name")
        parts.append(self._expression())
        end = self._take(":").end
        self._skip("line")
        return Twig("for_intro", start, end, *parts)

    def _filter(self) -> list[Twig]:
        if self._word() != "if":
            return []
        start = self._take("name").start
        condition = self._expression()
        return [Twig("for_cond", start, condition.end_pos, condition)]
