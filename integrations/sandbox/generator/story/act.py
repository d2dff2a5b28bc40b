"""What a story is made of: acts, their steps, and what the portal has to make of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.generator.story.cast import Cast

Play = Callable[[Cast, Any], object]


def nothing(cast: Cast, prop: Any) -> None:
    """Nobody does anything; the portal looks again."""


def nobody(cast: Cast) -> None:
    """Nothing has to be there for the act."""


@dataclass(frozen=True, slots=True)
class Step:
    """What people do, what they decide, and what has to have happened after the next sync.

    ``answer`` is (code, action, value) for an issue of this act that is open; it is given after ``play`` and before
    the sync. ``does`` are words of the journal, as in "invoice updated"; ``opens`` are issue codes,
    ``warns`` those that may be opened besides because two records look alike.
    ``holds`` is what has to be true afterwards in the two systems. ``syncs`` says how often the portal has to look, an
    hour apart.
    """

    play: Play = nothing
    answer: tuple[str, str] = ("", "")
    value: Callable[[Cast, Any], str] | None = None
    does: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    warns: tuple[str, ...] = ()
    holds: Callable[[Cast, Any], bool] | None = None
    syncs: int = 1


@dataclass(frozen=True, slots=True)
class Act:
    """``prepare`` is played for all acts before the first of them and synced; what it returns is given to the steps.

    ``leaves`` are issues that are merely worth knowing and stay open; all others have to be gone at the end.
    """

    name: str
    prepare: Callable[[Cast], Any]
    steps: tuple[Step, ...]
    leaves: tuple[str, ...] = ()
