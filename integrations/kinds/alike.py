"""What is said of numbers and people that look alike, in the words of the bookkeeper who has to tell them apart."""

from integrations.core import lookalikes
from integrations.core.changes import Problem
from integrations.core.lookalikes import BILL, CONTACT, Alike, Numbered, Party
from integrations.core.records import Ref
from integrations.kinds.problems import DOCUMENTS

NAMED = 5  # more of them are counted
KEPT = 20
LENGTH = 120  # of one name; Clio allows far longer ones


def numbers_problem(alike: Alike[Numbered], ref: Ref) -> Problem:
    """The warning about documents whose numbers are, or look, the same."""
    labels = [_document(member) for member in alike.members]
    return Problem(
        alike.code,
        ref,
        f"{_listed(labels)} {_NUMBERS[alike.code]}",
        title=f"Bill {alike.members[0].number.strip()}",
        blocks=False,
        details={"alike": [_reference(m, label) for m, label in zip(alike.members, labels, strict=True)][:KEPT]},
    )


_NUMBERS = {
    lookalikes.IN_CLIO: "have the same number. Renumber one of them in Clio: QuickBooks takes a number once.",
    lookalikes.IN_QUICKBOOKS: (
        "have the same number, and came from different places. Renumber the one that was not made in Clio, in "
        "QuickBooks; or the bill in Clio, and its invoice follows."
    ),
    lookalikes.NEAR: (
        "have numbers that differ only in capitals, spaces, punctuation or leading zeros. See whether they are one "
        "document entered twice; if not, renumber one of them, or accept that both are meant."
    ),
}


def people_problem(alike: Alike[Party], ref: Ref) -> Problem:
    """The warning about contacts, or customers, that look like one person."""
    labels = [_person(member) for member in alike.members]
    where = "Clio" if alike.members[0].entity == CONTACT else "QuickBooks"
    return Problem(
        alike.code,
        ref,
        f"{_listed(labels)} in {where} have the same {' and '.join(alike.reasons)}. If they are one person, merge them "
        f"in {where}; if not, accept this, and it is not asked again.",
        title=_clipped(alike.members[0].name),
        blocks=False,
        details={"alike": [_reference(m, label) for m, label in zip(alike.members, labels, strict=True)][:KEPT]},
    )


def _document(document: Numbered) -> str:
    """Bill “1042” (Ann Lee, 2 Feb 2026); invoice “1042” in QuickBooks."""
    if document.entity == BILL:
        return f"bill “{document.number}”" + (f" ({_clipped(document.about)})" if document.about else "")
    kind = DOCUMENTS.get(document.entity, document.entity).split(" ", 1)[-1]
    return f"{kind} “{document.number}” in QuickBooks"


def _person(party: Party) -> str:
    return _clipped(party.name) + (f" <{party.email}>" if party.email else "")


def _clipped(name: str) -> str:
    return name if len(name) <= LENGTH else f"{name[:LENGTH].rstrip()}…"


def _listed(labels: list[str]) -> str:
    """A sentence's subject."""
    shown = labels if len(labels) <= NAMED else [*labels[: NAMED - 1], f"{len(labels) - NAMED + 1} more"]
    text = f"{', '.join(shown[:-1])} and {shown[-1]}"
    return text[:1].upper() + text[1:]


def _reference(member: Numbered | Party, label: str) -> dict[str, str]:
    """What a screen needs to link to it."""
    return {"entity": member.entity, "id": member.id, "label": label[:1].upper() + label[1:]}
