"""Who numbers a document, and when a number is taken (API reference: DocNumber of each entity)."""

from dataclasses import dataclass
from typing import Any

from integrations.sandbox.quickbooks import faults
from integrations.sandbox.quickbooks.company import Company
from integrations.sandbox.quickbooks.shapes import SALES_FORMS
from integrations.sandbox.store import Doc

AUTOMATIC = "AUTO_GENERATE"
ALLOW_DUPLICATE, ALLOW_AUTOMATIC = "allowduplicatedocnum", "allowautodocnum"


@dataclass(frozen=True, slots=True)
class Options:
    """``include`` are the include parameters of the call; ``by_hand`` is a person in the UI, whom no closing stops."""

    include: frozenset[str] = frozenset()
    by_hand: bool = False


NO_OPTIONS = Options()


def assign(company: Company, entity: str, doc: Doc, old: Doc | None, options: Options) -> None:
    """Gives ``doc`` its DocNumber by the company's settings. Raises Refusal 6140 when the number is taken."""
    match entity:
        case "JournalEntry":
            _number_journal(company, doc, old, options)
        case "Purchase":
            _number_purchase(company, doc, old, options)
        case _:
            _number_sales_form(company, entity, doc, old, options)


def last_number(company: Company, series: str = "sales") -> int:
    return int(company.store.setting(f"{company.space}:last_number:{series}", 1000))


def set_last_number(company: Company, number: int, series: str = "sales") -> None:
    company.store.set_setting(f"{company.space}:last_number:{series}", number)


def _next(company: Company, series: str) -> str:
    number = last_number(company, series) + 1
    set_last_number(company, number, series)
    return str(number)


def _number_sales_form(company: Company, entity: str, doc: Doc, old: Doc | None, options: Options) -> None:
    sent = doc.get("DocNumber")
    automatic = doc.pop("AutoDocNumber", False) or sent == AUTOMATIC
    if company.preference("SalesFormsPrefs", "CustomTxnNumbers"):
        _set(doc, None if automatic else sent)
        _refuse_duplicate(company, entity, doc, old, options)
        if sent and str(sent).isascii() and str(sent).isdigit() and _moved(doc, old):
            set_last_number(company, int(sent))
        return
    kept = (old or {}).get("DocNumber")
    ignored = company.switch("number_sent_when_numbering_off") == "ignored"
    if not sent or automatic or ignored:
        _set(doc, kept or _next(company, "sales"))
    elif company.switch("duplicate_number_when_numbering_off") == "refused":
        _refuse_duplicate(company, entity, doc, old, options)


def _number_journal(company: Company, doc: Doc, old: Doc | None, options: Options) -> None:
    if not doc.get("DocNumber") and ALLOW_AUTOMATIC in options.include:
        doc["DocNumber"] = _next(company, "journal")
    if company.other_preference("WarnDuplicateJournalNumber"):
        _refuse_duplicate(company, "JournalEntry", doc, old, options)


def _number_purchase(company: Company, doc: Doc, old: Doc | None, options: Options) -> None:
    if not doc.get("DocNumber") and not company.other_preference("VendorAndPurchasesPrefs.UseCustomTxnNumbers"):
        doc["DocNumber"] = (old or {}).get("DocNumber") or _next(company, "purchase")
    warned = company.other_preference("WarnDuplicateCheckNumber")
    if doc["PaymentType"] != "Check" or warned:
        _refuse_duplicate(company, "Purchase", doc, old, options)


def _refuse_duplicate(company: Company, entity: str, doc: Doc, old: Doc | None, options: Options) -> None:
    number = doc.get("DocNumber")
    if not number or not _moved(doc, old) or ALLOW_DUPLICATE in options.include:
        return
    for kind in _scope(company, entity):
        for other in company.find(kind, "number", str(number).casefold()):
            if other["Id"] != doc.get("Id") and other.get("PaymentType") == doc.get("PaymentType"):
                raise faults.duplicate_number(str(number), _type_name(kind, other), str(other["Id"]))


def _scope(company: Company, entity: str) -> tuple[str, ...]:
    across = company.switch("duplicate_number_scope") == "across_sales_forms"
    return SALES_FORMS if entity in SALES_FORMS and across else (entity,)


def _type_name(kind: str, doc: Doc) -> str:
    return str(doc["PaymentType"]) if kind == "Purchase" else kind


def _moved(doc: Doc, old: Doc | None) -> bool:
    return old is None or old.get("DocNumber") != doc.get("DocNumber")


def _set(doc: Doc, number: Any) -> None:
    if number:
        doc["DocNumber"] = number
    else:
        doc.pop("DocNumber", None)
