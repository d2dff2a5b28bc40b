"""Entities of Clio's API as values: which fields and associations each has, and where their documents live."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from integrations.sandbox.clio.vocabulary import VOCABULARY

# Entities that have documents of their own; all others live inside the document of their owner.
KINDS = {
    "Account": "account",
    "User": "user",
    "Contact": "contact",
    "Matter": "matter",
    "Bill": "bill",
    "LineItem": "line_item",
    "Allocation": "allocation",
    "CreditMemo": "credit_memo",
    "BankAccount": "bank_account",
    "BankTransaction": "bank_transaction",
    "InterestCharge": "interest_charge",
    "ExpenseCategory": "expense_category",
    "Activity": "activity",
    "Currency": "currency",
    "BillingSetting": "billing_setting",
    "TrustLineItem": "trust_line_item",
    "Webhook": "webhook",
}


@dataclass(frozen=True, slots=True)
class Association:
    """A name that leads from one entity to another (``entity`` is empty where nothing can be asked of it)."""

    entity: str
    many: bool


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity: plain fields, associations, and which fields are decimal numbers or instants."""

    name: str
    fields: frozenset[str]
    money: frozenset[str]
    instants: frozenset[str]
    associations: Mapping[str, Association]

    def knows(self, name: str) -> bool:
        return name in self.fields or name in self.associations

    @property
    def defaults(self) -> tuple[str, ...]:
        """What an answer holds when nobody asked for more."""
        named = tuple(name for name in ("id", "etag") if name in self.fields)
        return named or tuple(sorted(self.fields))


def entity(name: str) -> Entity:
    """The entity of that name; KeyError for a name Clio does not have."""
    return _entities()[name]


@cache
def _entities() -> Mapping[str, Entity]:
    blocks = VOCABULARY.strip().removeprefix("# ").split("\n# ")
    return {found.name: found for found in map(_entity, blocks)}


def _entity(block: str) -> Entity:
    name, _, rest = block.partition("\n")
    own, _, joined = rest.partition(">")
    words = own.split()
    return Entity(
        name=name.strip(),
        fields=frozenset(word.rstrip("$@") for word in words),
        money=frozenset(word[:-1] for word in words if word.endswith("$")),
        instants=frozenset(word[:-1] for word in words if word.endswith("@")),
        associations=dict(_association(word) for word in joined.split()),
    )


def _association(word: str) -> tuple[str, Association]:
    name, _, target = word.partition(":")
    return name, Association(target.removesuffix("[]").replace("-", ""), target.endswith("[]"))
