"""What the mirror knows of one company, for the catalog: a few statements a question, whatever the company has."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from integrations.core.lookalikes import number_keys
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, day, money, nested, text
from integrations.core.records import Kind, Ref
from integrations.core.text import search_key
from integrations.kinds.catalog import (
    NUMBERED,
    PAYEES,
    Documented,
    LooseCheck,
    LoosePayment,
    Named,
    Register,
    Settlement,
    name_key,
    number_key,
)
from integrations.kinds.contact import DELETED_SUFFIX, Customer, decode_customer
from integrations.kinds.payment import applied_by
from integrations.kinds.plan_deposited import is_deposited
from integrations.models import EntityLink, Pairing, Record
from integrations.sync import mirror
from integrations.sync.folded import LENGTH, NUMBER

# Whatever is linked stands for one of these: a document's links are found by kind and id.
KINDS = [str(kind) for kind in Kind]

# One by one out of the index, which OFFSET 0 sees to: in one condition all of them may be compared with every payment.
_SETTLING = """
SELECT paid.external_id FROM unnest(%(lines)s::jsonb[]) AS wanted (line) CROSS JOIN LATERAL (
  SELECT external_id FROM integrations_record
  WHERE pairing_id = %(p)s AND entity = 'Payment' AND NOT is_deleted AND data->'Line' @> wanted.line OFFSET 0) AS paid
"""

_CLASHING = """
SELECT form.external_id, form.data->>'DocNumber', bill.data->>'number' FROM integrations_record bill
JOIN integrations_record form ON form.pairing_id = bill.pairing_id AND form.entity = %(numbers)s AND form.key = bill.key
WHERE bill.pairing_id = %(p)s AND bill.entity = 'bills' AND NOT bill.settled
  AND NOT EXISTS (SELECT 1 FROM integrations_entitylink link WHERE link.pairing_id = form.pairing_id
    AND link.kind = ANY(%(kinds)s) AND link.ledger_id = form.external_id AND link.ledger_entity = 'Invoice'
    AND link.state <> 'unlinked')
"""


class MirrorRegister(Register):
    """Over the mirror and the links of one pairing."""

    def __init__(self, pairing: Pairing) -> None:
        self._pairing = pairing
        links = EntityLink.objects.of(pairing.firm).filter(pairing=pairing, kind__in=KINDS)
        self._links = links.exclude(state=EntityLink.State.UNLINKED)

    def owners(self, documents: Collection[Documented]) -> dict[Documented, Ref]:
        ids = {id for _, id in documents}
        columns = ("ledger_entity", "ledger_id", "kind", "practice_id", "leg")
        links = self._links.filter(ledger_id__in=ids).order_by("id").values_list(*columns)
        return {(entity, id): Ref(Kind(kind), of, leg) for entity, id, kind, of, leg in links}

    def customers(self, ids: Collection[str]) -> dict[str, Customer]:
        rows = self._there("Customer").filter(external_id__in=ids)
        return {customer.id: customer for customer in map(decode_customer, rows.values_list("data", flat=True))}

    def strangers(self) -> Iterator[Customer]:
        """Customers that stand for nobody in Clio yet."""
        links = self._links.filter(ledger_entity="Customer", ledger_id=OuterRef("external_id"))
        rows = self._there("Customer").filter(~Exists(links))
        return map(decode_customer, rows.values_list("data", flat=True).iterator())

    def clashing(self) -> set[str]:
        """Invoices that are not ours and have the number of a bill that is not settled."""
        with connection.cursor() as cursor:
            cursor.execute(_CLASHING, {"p": self._pairing.pk, "kinds": KINDS, "numbers": NUMBER + "Invoice"})
            return {id for id, theirs, ours in cursor.fetchall() if number_key(theirs or "") == number_key(ours or "")}

    def credited(self) -> list[Documented]:
        """Documents of bills that credit notes are for which are not settled."""
        # Each by itself over one index: a plan that joins them is only as good as the statistics.
        records = Record.objects.of(self._pairing.firm).filter(pairing=self._pairing)
        notes = list(records.filter(entity="credit_memos", settled=False).values_list("external_id", flat=True))
        parts = records.filter(entity="allocations", peer_id__in=notes)
        bills = list(parts.values_list("owner_id", flat=True)) if notes else []
        ours = self._links.filter(kind=Kind.INVOICE, practice_id__in=bills)
        return list(ours.values_list("ledger_entity", "ledger_id")) if bills else []

    def named(self, names: Collection[str]) -> dict[str, list[Named]]:
        keys = {search_key(form)[:LENGTH] for name in names for form in (name, _plain(name))}
        rows = _keyed(self._there(*PAYEES), keys)
        found: dict[str, list[Named]] = {}
        for entity, data in rows.values_list("entity", "data"):
            one = _named(entity, data)
            for key in {name_key(one.name), name_key(one.plain_name)} & set(names):
                found.setdefault(key, []).append(one)
        return found

    def numbered(self, numbers: Collection[str]) -> dict[str, list[Documented]]:
        rows = _keyed(self._there(*(NUMBER + entity for entity in NUMBERED)), _number_keys(numbers))
        found: dict[str, list[Documented]] = {}
        for entity, id, data in rows.values_list("entity", "external_id", "data"):
            key = number_key(text(data, "DocNumber"))
            found.setdefault(key, []).append((entity.removeprefix(NUMBER), id))
        return found

    def payments(self, customer_ids: Collection[str]) -> dict[str, list[LoosePayment]]:
        ids = self._there("Payment").filter(owner_id__in=customer_ids).values_list("external_id", flat=True)
        found: dict[str, list[LoosePayment]] = {}
        for id, data in self._not_ours("Payment", ids):
            with suppress(Unreadable):  # what cannot be read is no candidate
                paid_on, amount, customer_id = day(data, "TxnDate"), money(data, "TotalAmt"), _customer_id(data)
                if paid_on and amount:
                    one = LoosePayment(id, customer_id, paid_on, amount, is_deposited(data))
                    found.setdefault(customer_id, []).append(one)
        return found

    def settling(self, documents: Collection[Documented]) -> dict[Documented, list[Settlement]]:
        found: dict[Documented, list[Settlement]] = {}
        lines = [[{"LinkedTxn": [{"TxnType": entity, "TxnId": id}]}] for entity, said in documents for id in _ids(said)]
        with connection.cursor() as cursor:
            cursor.execute(_SETTLING, {"p": self._pairing.pk, "lines": [mirror.to_json(line) for line in lines]})
            ids = [row[0] for row in cursor.fetchall()]
        for id, data in self._not_ours("Payment", ids):
            with suppress(Unreadable):
                one = _settlement(id, data)
                for document in _settled(one):
                    found.setdefault(document, []).append(one)
        return {document: found[document] for document in documents if document in found}

    def checks(self, numbers: Collection[str]) -> dict[str, list[LooseCheck]]:
        rows = _keyed(self._there("Purchase").filter(data__PaymentType="Check"), _number_keys(numbers))
        found: dict[str, list[LooseCheck]] = {}
        for id, data in self._not_ours("Purchase", rows.values_list("external_id", flat=True)):
            with suppress(Unreadable):
                number, account_id = text(data, "DocNumber"), text(nested(data, "AccountRef"), "value")
                check = LooseCheck(id, number, account_id, money(data, "TotalAmt"))
                found.setdefault(number_key(number), []).append(check)
        return found

    def _there(self, *entities: str) -> QuerySet[Record]:
        records = Record.objects.of(self._pairing.firm).filter(pairing=self._pairing, is_deleted=False)
        return records.filter(entity__in=entities)

    def _not_ours(self, entity: str, ids: Iterable[str]) -> Iterator[tuple[str, Raw]]:
        """Those of these that are linked to nothing, whole."""
        listed = set(ids)
        ours = self.owners([(entity, id) for id in listed]) if listed else {}
        theirs = [id for id in listed if (entity, id) not in ours]
        rows = self._there(entity).filter(external_id__in=theirs).order_by("id")
        yield from rows.values_list("external_id", "data") if theirs else ()


def _keyed(rows: QuerySet[Record], keys: Collection[str]) -> QuerySet[Record]:
    """By what they are compared by; only where nothing is left of one of them is there no index to find it in."""
    found = rows.filter(key__in=keys).order_by("id")
    return found if "" in keys else found.exclude(key="")


def _number_keys(numbers: Collection[str]) -> set[str]:
    return {number_keys(number)[0][:LENGTH] for number in numbers}


def _settlement(id: str, data: Raw) -> Settlement:
    invoices, credits_ = applied_by(data), applied_by(data, "CreditMemo")
    amount, dated = money(data, "TotalAmt"), day(data, "TxnDate")
    return Settlement(id, _customer_id(data), amount, invoices, credits_, dated)


def _settled(one: Settlement) -> Iterator[Documented]:
    yield from (("Invoice", id) for id in one.invoices)
    yield from (("CreditMemo", id) for id in one.credits)


def _ids(id: str) -> list[str | int]:
    """As text, and as a number where it can be one: whoever speaks QuickBooks's API may write it so."""
    return [id, int(id)] if id.isdecimal() and str(int(id)) == id else [id]


def _customer_id(data: Raw) -> str:
    return text(nested(data, "CustomerRef"), "value")


def _plain(name: str) -> str:
    return name.removesuffix(name_key(DELETED_SUFFIX))


def _named(entity: str, data: Raw) -> Named:
    name = text(data, "DisplayName")
    plain = name.removesuffix(DELETED_SUFFIX) if entity == "Customer" else name
    return Named(entity, text(data, "Id"), name, plain, data.get("Active") is not False)
