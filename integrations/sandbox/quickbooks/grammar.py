"""The query language: text to a Query, or Refusal 4000 (data queries, Intuit's REST reference)."""

import re
from dataclasses import dataclass

from integrations.sandbox.quickbooks.faults import Refusal, query_invalid, query_syntax

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<op><=|>=|=|<|>)|(?P<mark>[(),*])|(?P<word>[A-Za-z0-9_.+:-]+))", re.DOTALL
)
_OPERATORS = ("=", "<", ">", "<=", ">=", "IN", "LIKE")
DEFAULT_ROWS, MAX_ROWS = 100, 1000


@dataclass(frozen=True, slots=True)
class Condition:
    """``values`` has one value, or the list of an IN."""

    member: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """``members`` is empty for ``*``; ``start`` counts from 1."""

    entity: str
    members: tuple[str, ...] = ()
    count: bool = False
    where: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()  # (member, descending)
    start: int = 1
    rows: int = DEFAULT_ROWS


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    value: str


def parse(text: str) -> Query:
    """Raises Refusal 4000 for what is not the grammar, 4001 for too many rows."""
    return _Parser(_tokens(text)).query()


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position, text = 0, text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise query_syntax(f"Encountered unexpected character at {position + 1}: {text[position]!r}")
        kind = str(match.lastgroup)
        value = match.group(kind)
        if kind == "text":
            value = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
        tokens.append(_Token(kind, value))
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._at = tokens, 0

    def query(self) -> Query:
        self._keyword("SELECT")
        members, count = self._selection()
        self._keyword("FROM")
        entity = self._word("an entity")
        where = self._conditions() if self._accept("WHERE") else ()
        order = self._ordering() if self._accept("ORDERBY") or self._order_by() else ()
        start = self._count("STARTPOSITION") if self._accept("STARTPOSITION") else 1
        rows = self._count("MAXRESULTS") if self._accept("MAXRESULTS") else DEFAULT_ROWS
        if self._at < len(self._tokens):
            raise self._unexpected("the end")
        if rows > MAX_ROWS:
            raise query_invalid(f"value {rows} is too large. Max allowed value is {MAX_ROWS}.")
        return Query(entity, members, count, where, order, start, rows)

    def _selection(self) -> tuple[tuple[str, ...], bool]:
        if self._mark("*"):
            return (), False
        first = self._word("a member")
        if first.casefold() == "count" and self._mark("("):
            if not (self._mark("*") and self._mark(")")):
                raise self._unexpected("count(*)")
            return (), True
        members = [first]
        while self._mark(","):
            members.append(self._word("a member"))
        return tuple(members), False

    def _conditions(self) -> tuple[Condition, ...]:
        conditions = [self._condition()]
        while self._accept("AND"):
            conditions.append(self._condition())
        return tuple(conditions)

    def _condition(self) -> Condition:
        member = self._word("a member")
        token = self._next("an operator")
        operator = token.value.upper()
        if operator not in _OPERATORS:
            raise self._unexpected("an operator", token)
        if operator != "IN":
            return Condition(member, operator, (self._value(),))
        if not self._mark("("):
            raise self._unexpected("(")
        values = [self._value()]
        while self._mark(","):
            values.append(self._value())
        if not self._mark(")"):
            raise self._unexpected(")")
        return Condition(member, operator, tuple(values))

    def _value(self) -> str:
        token = self._next("a value")
        if token.kind == "text" or (token.kind == "word" and _is_bare_value(token.value)):
            return token.value
        raise self._unexpected("a value in single quotes", token)

    def _ordering(self) -> tuple[tuple[str, bool], ...]:
        order = []
        while True:
            member = self._word("a member")
            descending = self._accept("DESC")
            if not descending:
                self._accept("ASC")
            order.append((member, descending))
            if not self._mark(","):
                return tuple(order)

    def _order_by(self) -> bool:
        if not self._accept("ORDER"):
            return False
        self._keyword("BY")
        return True

    def _count(self, name: str) -> int:
        word = self._word("a number")
        if not word.isdigit() or int(word) < 1:
            raise query_syntax(f"{name} needs a positive whole number, not {word!r}")
        return int(word)

    def _word(self, wanted: str) -> str:
        token = self._next(wanted)
        if token.kind != "word":
            raise self._unexpected(wanted, token)
        return token.value

    def _keyword(self, word: str) -> None:
        if not self._accept(word):
            raise self._unexpected(word)

    def _accept(self, word: str) -> bool:
        return self._take("word", word)

    def _mark(self, mark: str) -> bool:
        return self._take("mark", mark)

    def _take(self, kind: str, value: str) -> bool:
        if self._at >= len(self._tokens):
            return False
        token = self._tokens[self._at]
        if token.kind != kind or token.value.upper() != value:
            return False
        self._at += 1
        return True

    def _next(self, wanted: str) -> _Token:
        if self._at >= len(self._tokens):
            raise self._unexpected(wanted)
        self._at += 1
        return self._tokens[self._at - 1]

    def _unexpected(self, wanted: str, token: _Token | None = None) -> Refusal:
        found = token or (self._tokens[self._at] if self._at < len(self._tokens) else None)
        return query_syntax(f"Encountered {found.value if found else '<EOF>'!r}, expected {wanted}")


def _is_bare_value(word: str) -> bool:
    return word.lower() in ("true", "false", "current_date") or word.lstrip("+-").replace(".", "", 1).isdigit()
