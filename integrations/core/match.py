"""Pairing a contact with a customer that is already in QuickBooks (rule R2.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from integrations.core.text import fold


class Named(Protocol):
    """A contact as the matcher sees it."""

    @property
    def is_company(self) -> bool: ...
    @property
    def name(self) -> str: ...
    @property
    def given(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def emails(self) -> tuple[str, ...]: ...


class Candidate(Protocol):
    """A customer as the matcher sees it."""

    @property
    def id(self) -> str: ...
    @property
    def plain_name(self) -> str: ...
    @property
    def given(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def company(self) -> str: ...
    @property
    def emails(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Exact:
    """One customer is certainly this contact."""

    customer_id: str


@dataclass(frozen=True, slots=True)
class Probable:
    """A person has to say which of these customers, if any, is this contact."""

    customer_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Nobody in QuickBooks can be this contact."""


Match = Exact | Probable | NoMatch


class NameIndex[C: Candidate]:
    """Customers by each of the names a contact can be known by."""

    def __init__(self, customers: Iterable[C]) -> None:
        self._people: dict[str, list[C]] = {}
        self._companies: dict[str, list[C]] = {}
        for customer in customers:
            self._add(self._people, customer, customer.plain_name, f"{customer.given} {customer.family}")
            self._add(self._companies, customer, customer.plain_name, customer.company)

    @staticmethod
    def _add(index: dict[str, list[C]], customer: C, *names: str) -> None:
        for key in {fold(name) for name in names} - {""}:
            index.setdefault(key, []).append(customer)

    def namesakes(self, contact: Named) -> list[C]:
        """Customers whose display name, or person's or company's name, is the contact's."""
        index = self._companies if contact.is_company else self._people
        names = {fold(contact.name)} | (set() if contact.is_company else {fold(f"{contact.given} {contact.family}")})
        found = {customer.id: customer for name in names - {""} for customer in index.get(name, ())}
        return list(found.values())


def match(contact: Named, namesakes: Iterable[Candidate]) -> Match:
    """Equal e-mails decide; different ones mean somebody else; a missing one or several candidates mean asking."""
    same, open_ = [], []
    mails = {mail.lower() for mail in contact.emails}
    for customer in namesakes:
        if mails & {mail.lower() for mail in customer.emails}:
            same.append(customer.id)
        elif not mails or not customer.emails:
            open_.append(customer.id)
    if len(same) == 1 and not open_:
        return Exact(same[0])
    if same or open_:
        return Probable(tuple(sorted(same + open_)))
    return NoMatch()


def settle(matches: Mapping[str, Match]) -> dict[str, Match]:
    """The same matches by contact id, where a customer that several contacts claim is certain for none of them."""
    claims: dict[str, int] = {}
    for found in matches.values():
        if isinstance(found, Exact):
            claims[found.customer_id] = claims.get(found.customer_id, 0) + 1
    return {
        contact_id: Probable((found.customer_id,))
        if isinstance(found, Exact) and claims[found.customer_id] > 1
        else found
        for contact_id, found in matches.items()
    }
