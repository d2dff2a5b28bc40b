"""Three-way merge by field: what each side changed since both last agreed (rule R7).

The base holds, per field, what *each* side said when they agreed. Where one system cuts, cleans or rewrites what it
is given, the two differ without anybody having changed anything, and so nothing echoes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from integrations.core.records import Side


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a value is not simply carried over. A person may still want it, unless it is ``final``."""

    why: str
    final: bool = True


class Rules[V](Protocol):
    """What is particular to the fields that are merged. Values that are empty are false."""

    def same(self, name: str, practice: V, ledger: V) -> bool:
        """Whether two values of one field, each written on its own side, say the same."""
        ...

    def objects(self, side: Side, name: str, value: V, over: V) -> Objection | None:
        """What speaks against giving ``value`` to ``side``, which now holds ``over``."""
        ...


@dataclass(frozen=True, slots=True)
class Agreed[V]:
    """What each side says of a field on which both agree."""

    practice: V
    ledger: V


@dataclass(frozen=True, slots=True)
class Conflict[V]:
    """Two values of which a person has to pick one.

    ``why`` is set where something speaks against the newer one, ``only`` where just this side's value can be picked.
    """

    practice: V
    ledger: V
    base: Agreed[V] | None = None
    why: str = ""
    only: Side | None = None


@dataclass(frozen=True, slots=True)
class Merged[V]:
    """Every field is in exactly one of the four."""

    to_practice: Mapping[str, V] = field(default_factory=dict)
    to_ledger: Mapping[str, V] = field(default_factory=dict)
    conflicts: Mapping[str, Conflict[V]] = field(default_factory=dict)
    agreed: Mapping[str, Agreed[V]] = field(default_factory=dict)


class _Says(Enum):
    BOTH = "both"  # nothing has to be done
    PRACTICE = "practice"  # the practice's value goes to the ledger
    LEDGER = "ledger"
    NEITHER = "neither"  # a person has to say


_OF = {Side.PRACTICE: _Says.PRACTICE, Side.LEDGER: _Says.LEDGER}


def merge[V](
    practice: Mapping[str, V],
    ledger: Mapping[str, V],
    base: Mapping[str, Agreed[V]],
    rules: Rules[V],
    prefer: Mapping[str, Side] | None = None,
) -> Merged[V]:
    """Merges two records of the same fields; ``prefer`` says whose value of a field wins where they conflict.

    A field without a base was never agreed on: it is filled from the side that has it, and is a conflict where both
    have something else.
    """
    wanted = prefer or {}
    judged = {
        name: _judge(rules, name, Agreed(practice[name], ledger[name]), base.get(name), wanted.get(name))
        for name in practice
    }
    return Merged(
        to_practice={name: ledger[name] for name, (says, _) in judged.items() if says is _Says.LEDGER},
        to_ledger={name: practice[name] for name, (says, _) in judged.items() if says is _Says.PRACTICE},
        conflicts={
            name: _conflict(Agreed(practice[name], ledger[name]), base.get(name), rules, name, why)
            for name, (says, why) in judged.items()
            if says is _Says.NEITHER
        },
        agreed={name: Agreed(practice[name], ledger[name]) for name, (says, _) in judged.items() if says is _Says.BOTH},
    )


def _judge[V](
    rules: Rules[V], name: str, both: Agreed[V], was: Agreed[V] | None, wanted: Side | None
) -> tuple[_Says, str]:
    """Whose value counts, and where nobody's does, what stands in its way."""
    says = _moved(rules, name, both, was)
    objection = _objection(rules, says, name, both)
    if wanted is not None and (objection or says is _Says.NEITHER):
        says = _OF[wanted]
        objection = _objection(rules, says, name, both)
        if objection and not objection.final:
            return says, ""
    return (_Says.NEITHER, objection.why) if objection else (says, "")


def _conflict[V](both: Agreed[V], was: Agreed[V] | None, rules: Rules[V], name: str, why: str) -> Conflict[V]:
    """A conflict; a final objection to one side's value leaves only the other's to be picked."""
    stuck = [
        side
        for side, says in _OF.items()
        if (objection := _objection(rules, says, name, both)) is not None and objection.final
    ]
    only = {Side.PRACTICE: Side.LEDGER, Side.LEDGER: Side.PRACTICE}[stuck[0]] if len(stuck) == 1 else None
    return Conflict(both.practice, both.ledger, was, why, only)


def _moved[V](rules: Rules[V], name: str, both: Agreed[V], was: Agreed[V] | None) -> _Says:
    ours, theirs = bool(both.practice), bool(both.ledger)
    if was is not None:
        ours, theirs = both.practice != was.practice, both.ledger != was.ledger
    if both.practice == both.ledger or not (ours or theirs):
        return _Says.BOTH
    if ours and theirs:
        return _Says.BOTH if rules.same(name, both.practice, both.ledger) else _Says.NEITHER
    return _Says.PRACTICE if ours else _Says.LEDGER


def _objection[V](rules: Rules[V], says: _Says, name: str, both: Agreed[V]) -> Objection | None:
    match says:
        case _Says.PRACTICE:
            return rules.objects(Side.LEDGER, name, both.practice, both.ledger)
        case _Says.LEDGER:
            return rules.objects(Side.PRACTICE, name, both.ledger, both.practice)
        case _:
            return None
