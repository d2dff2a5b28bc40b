"""A company file that a test fills by hand, for catalogs to look things up in."""

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from integrations.core.records import Ref
from integrations.kinds.catalog import (
    Catalog,
    Documented,
    LooseCheck,
    LoosePayment,
    Named,
    Register,
    Settlement,
    name_key,
    number_key,
)
from integrations.kinds.contact import Customer


@dataclass
class Shelf(Register):
    """``numbers`` are sales forms with their number, ``strangers`` vendors and employees."""

    linked: dict[Documented, Ref] = field(default_factory=dict)
    people: dict[str, Customer] = field(default_factory=dict)
    strangers: list[Named] = field(default_factory=list)
    numbers: list[tuple[str, Documented]] = field(default_factory=list)
    loose: list[LoosePayment] = field(default_factory=list)
    uses: list[Settlement] = field(default_factory=list)
    drawn: list[LooseCheck] = field(default_factory=list)

    def catalog(self) -> Catalog:
        return Catalog(self)

    def add(self, *customers: Customer) -> None:
        self.people |= {customer.id: customer for customer in customers}

    def owners(self, documents: Collection[Documented]) -> Mapping[Documented, Ref]:
        return {document: ref for document, ref in self.linked.items() if document in documents}

    def customers(self, ids: Collection[str]) -> Mapping[str, Customer]:
        return {id: customer for id, customer in self.people.items() if id in ids}

    def named(self, names: Collection[str]) -> Mapping[str, list[Named]]:
        known = [Named("Customer", c.id, c.display_name, c.plain_name, c.active) for c in self.people.values()]
        pairs = [(name_key(said), one) for one in known + self.strangers for said in {one.name, one.plain_name}]
        return _asked(names, pairs)

    def numbered(self, numbers: Collection[str]) -> Mapping[str, list[Documented]]:
        return _asked(numbers, ((number_key(number), document) for number, document in self.numbers))

    def payments(self, customer_ids: Collection[str]) -> Mapping[str, list[LoosePayment]]:
        return _asked(customer_ids, ((one.customer_id, one) for one in self.loose))

    def settling(self, documents: Collection[Documented]) -> Mapping[Documented, list[Settlement]]:
        pairs = [(("Invoice", id), one) for one in self.uses for id in one.invoices]
        return _asked(documents, pairs + [(("CreditMemo", id), one) for one in self.uses for id in one.credits])

    def checks(self, numbers: Collection[str]) -> Mapping[str, list[LooseCheck]]:
        return _asked(numbers, ((number_key(one.number), one) for one in self.drawn))


def _asked[K: Hashable, V](keys: Collection[K], pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    found: dict[K, list[V]] = {}
    for key, value in pairs:
        if key in keys:
            found.setdefault(key, []).append(value)
    return found
