"""What a record is, whichever system it lives in, and how two versions of it are compared."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    PRACTICE = "practice"
    LEDGER = "ledger"


class Kind(StrEnum):
    """The kinds of record that are kept in step, in the order they depend on each other."""

    CONTACT = "contact"
    INVOICE = "invoice"
    PAYMENT = "payment"
    CREDIT_NOTE = "credit_note"
    TRUST_ENTRY = "trust_entry"


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """One document the ledger should hold: the practice object it stands for and which of its legs."""

    kind: Kind
    practice_id: str
    leg: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.practice_id}" + (f"/{self.leg}" if self.leg else "")


def mark(ref: Ref, slug: str) -> str:
    """The last line of the note of every document we create: whose it is and what it stands for."""
    return f"Clio {ref} · {slug}"


VOIDED = "Voided - "  # what QuickBooks puts before the note of a voided document


def parse_mark(note: str, slug: str) -> Ref | None:
    """The Ref a note's mark names, where the mark is this firm's; None for anybody else's note."""
    for line in reversed(note.splitlines()):
        head, _, owner = line.strip().removeprefix(VOIDED).rpartition(" · ")
        words = head.split(" ")
        if owner != slug or len(words) != 3 or words[0] != "Clio" or words[1] not in set(Kind):
            continue
        practice_id, _, leg = words[2].partition("/")
        if practice_id:
            return Ref(Kind(words[1]), practice_id, leg)
    return None


def fingerprint(value: object) -> str:
    """A short digest of a dataclass or of JSON-like data: equal exactly when the values are equal."""
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(item) for item in value), key=str)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value
