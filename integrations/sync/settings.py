"""What a company's QuickBooks settings mean for the sync: read before every run, checked, explained (rule R9)."""

from collections.abc import Mapping as MappingType

from integrations.core import words
from integrations.core.mapping import TRUST_BANK, TRUST_LIABILITY, Policy, is_trust_key
from integrations.core.ports import Raw
from integrations.core.read import nested, rows, text, truth
from integrations.core.records import fingerprint
from integrations.models import Mapping, Pairing, SyncRun
from integrations.sync import issues, mirror
from integrations.sync.numbering import numbering_behind, numbers_of
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query

CODES = (
    "numbering_setting_off",
    "duplicate_warning_off",
    "numbering_behind",
    "mapping_invalid",
    "mapping_missing",
    "auto_apply_on",
    "books_closed",
    "edition_limited",
    "currency_mismatch",
)
STEPS_NUMBERS = "gear → Account and settings → Sales → Sales form content → Custom transaction numbers → on → Save"
STEPS_WARNING = (
    "gear → Account and settings → Advanced → Other preferences → Warn if duplicate bill number is used → on → Save"
)
ITEM_ACCOUNT_TYPES = frozenset(
    {
        "Income",
        "Other Income",
        "Other Current Asset",
        "Other Asset",
        "Other Current Liability",
        "Long Term Liability",
        "Expense",
        "Other Expense",
        "Cost of Goods Sold",
    }
)
LIMITED_EDITIONS = ("self employed", "solopreneur", "ledger", "easystart", "simple start")
DEPOSIT_ACCOUNT_TYPES = frozenset({"Bank", "Other Current Asset"})  # Intuit docs: Payment.DepositToAccountRef
TRUST_ACCOUNT_TYPES = {TRUST_BANK: "Bank", TRUST_LIABILITY: "Other Current Liability"}  # rule R6.1


def check_settings(work: Workspace) -> None:
    """Reads preferences, accounts and items, and keeps what the plan depends on."""
    preferences = work.ledger.preferences()
    fixed = {"country": work.pairing.ledger.country, "numbers": work.pairing.ledger_profile.get("numbers")}
    work.pairing.ledger_profile = profile_of(preferences) | fixed | _edition(work)
    work.pairing.save(update_fields=["ledger_profile"])
    for entity in ("Account", "Item"):
        for page in work.ledger.pages(entity, query.EVERY_ACTIVE_STATE):
            mirror.keep_ledger(work.pairing, entity, page.rows, settled=True)


def _edition(work: Workspace) -> dict[str, str]:
    """The company's subscription, read once a day."""
    known, today = work.pairing.ledger_profile, work.firm.day_of(work.clock.now()).isoformat()
    if known.get("edition_read_on") == today:
        return {name: known[name] for name in ("edition", "edition_read_on")}
    return {"edition": work.ledger.identity().edition, "edition_read_on": today}


def profile_of(preferences: Raw) -> dict[str, object]:
    """The members of Preferences that matter, as plain JSON."""
    sales, tax = nested(preferences, "SalesFormsPrefs"), nested(preferences, "TaxPrefs")
    accounting = nested(preferences, "AccountingInfoPrefs")
    others = {text(row, "Name"): text(row, "Value") for row in rows(nested(preferences, "OtherPrefs"), "NameValue")}
    return {
        "custom_numbers": truth(sales, "CustomTxnNumbers"),
        "auto_apply_credit": truth(sales, "AutoApplyCredit"),
        "auto_apply_payments": truth(sales, "AutoApplyPayments"),
        "close_date": text(accounting, "BookCloseDate")[:10],
        "currency": text(nested(nested(preferences, "CurrencyPrefs"), "HomeCurrency"), "value"),
        "bill_warning": others.get("WarnDuplicateBillNumber", "").lower(),  # "true", "false", or "" when not reported
        "tax_engine": fingerprint(tax),
    }


def settings_issues(work: Workspace, run: SyncRun | None, policy: Policy | None) -> dict[str, str]:
    """Opens and closes the firm-wide issues; returns them as code to message."""
    found = findings(work, policy)
    issues.sync_firm(work, run, CODES, found)
    work.pairing.settings_checked_at = work.clock.now()
    work.pairing.save(update_fields=["ledger_profile", "settings_checked_at"])
    return found


def findings(work: Workspace, policy: Policy | None) -> dict[str, str]:
    """Every setting that stands in the way or should be looked at: issue code to what to do about it."""
    profile, found = work.pairing.ledger_profile, {}
    numbers = numbers_of(work)
    profile["numbers"] = numbers.report()
    if not profile.get("custom_numbers"):
        found["numbering_setting_off"] = (
            "QuickBooks numbers sales forms itself, so invoices, credit notes and their payments wait. Switch custom "
            f"transaction numbers on: {STEPS_NUMBERS}."
        )
    if said := _bill_warning(work):
        found["duplicate_warning_off"] = said
    if behind := numbering_behind(work, numbers):
        found["numbering_behind"] = behind
    if wrong := invalid_mappings(work.pairing):
        found["mapping_invalid"] = "; ".join(wrong) + ". Choose another on the mappings page."
    if profile.get("auto_apply_credit") or profile.get("auto_apply_payments"):
        found["auto_apply_on"] = (
            "QuickBooks applies open credits and payments to invoices by itself. The portal recognises that, but "
            "which bill a credit pays may then differ from Clio."
        )
    if said := _limited_edition(work):
        found["edition_limited"] = said
    if said := _closed_books(work):
        found["books_closed"] = said
    if said := _other_currency(work):
        found["currency_mismatch"] = said
    if not work.pairing.mapped():
        found["mapping_missing"] = "No items are mapped yet, so no bill can be posted. Fill in the mappings page."
    return found


def _limited_edition(work: Workspace) -> str:
    edition = str(work.pairing.ledger_profile.get("edition", ""))
    if not any(name in edition.casefold().replace("-", " ") for name in LIMITED_EDITIONS):
        return ""
    return (
        f"The company is subscribed to {edition}, which is not made for a firm's receivables. Essentials, Plus or "
        "Advanced is; with another edition QuickBooks may refuse what is posted."
    )


def _closed_books(work: Workspace) -> str:
    """Rule R9.4: said where bills in scope can be dated in a closed period."""
    closed, start = work.pairing.ledger_profile.get("close_date"), work.pairing.start_date
    if not closed or (start and start.isoformat() > closed):
        return ""
    return (
        f"QuickBooks's books are closed up to {words.day(closed)}. Bills and payments dated up to then are neither "
        "posted nor changed until your accountant reopens the period."
    )


def _other_currency(work: Workspace) -> str:
    ours, theirs = work.pairing.practice.currency, work.pairing.ledger_profile.get("currency")
    if not ours or not theirs or ours == theirs:
        return ""
    return (
        f"Clio bills in {ours}, and the QuickBooks company keeps its books in {theirs}. Bills in another currency "
        "than the company's are never posted."
    )


def _bill_warning(work: Workspace) -> str:
    """Rule R9.2: off is a warning; where QuickBooks does not say, a person has to have looked once."""
    match work.pairing.ledger_profile.get("bill_warning"):
        case "true":
            return ""
        case "false":
            return (
                "QuickBooks does not warn of duplicate supplier bill numbers. It guards the bills you receive, not "
                f"your invoices; the portal guards those itself. To switch it on: {STEPS_WARNING}."
            )
        case _ if work.pairing.bill_warning_confirmed_at:
            return ""
        case _:
            return (
                "QuickBooks does not tell whether it warns of duplicate supplier bill numbers. Look once, then confirm "
                f"it here: {STEPS_WARNING}."
            )


def invalid_mappings(pairing: Pairing) -> list[str]:
    """What is mapped to something that is gone, inactive or of a type that must not be posted to."""
    return [f"{row.name}: {said}" for row, said in _judged(pairing) if said]


def split_mappings(pairing: Pairing) -> tuple[list[Mapping], list[Mapping]]:
    """Mappings that can be posted to, and those that no longer can; bills that need one of these wait."""
    judged = _judged(pairing)
    return [row for row, said in judged if not said], [row for row, said in judged if said]


def _judged(pairing: Pairing) -> list[tuple[Mapping, str]]:
    """Every mapping with why it cannot serve, "" where it can."""
    known, mapped = known_targets(pairing), _mappings(pairing)
    clashing = clashes({row.key: row.ledger_id for row in mapped}, known)
    return [(row, mapping_fault(row.key, row.ledger_id, known) or clashing.get(row.key, "")) for row in mapped]


def _mappings(pairing: Pairing) -> list[Mapping]:
    return list(Mapping.objects.of(pairing.firm).filter(pairing=pairing).order_by("key"))


def known_targets(pairing: Pairing) -> dict[str, dict[str, Raw]]:
    """QuickBooks accounts and items by entity and id, as last read."""
    return {entity: {row.id: row.data for row in mirror.load(pairing, entity)} for entity in ("Account", "Item")}


def mapping_fault(key: str, ledger_id: str, known: dict[str, dict[str, Raw]]) -> str:
    """Why this item or account cannot serve this key; empty when it can."""
    is_item = key.startswith("item:")
    raw = known["Item" if is_item else "Account"].get(ledger_id)
    if raw is None:
        return "it is no longer in QuickBooks"
    if raw.get("Active") is False:
        return "it is inactive in QuickBooks"
    if is_trust_key(key):
        return _trust_fault(key, raw)
    if not is_item:
        return _account_fault(raw, DEPOSIT_ACCOUNT_TYPES)
    if text(raw, "Type") == "Category":
        return "it is a category, which invoices cannot use"
    account = known["Account"].get(text(nested(raw, "IncomeAccountRef"), "value"))
    return "it posts to no account" if account is None else _account_fault(account, ITEM_ACCOUNT_TYPES)


def _account_fault(account: Raw, allowed: frozenset[str]) -> str:
    """Trust money never meets income, expense or receivables (rules R4.4, R6.8)."""
    kind, subtype = text(account, "AccountType"), text(account, "AccountSubType")
    if "Trust" in subtype:
        return f"{text(account, 'Name')} is a trust account, and bills and their payments never touch trust"
    if kind not in allowed:
        return f"{text(account, 'Name')} is of type {kind}, which does not fit here"
    return ""


def _trust_fault(key: str, raw: Raw) -> str:
    """Rule R6.1: trust money is in a bank account and owed by a current liability, whatever their detail types."""
    wanted = next(kind for start, kind in TRUST_ACCOUNT_TYPES.items() if key.startswith(start))
    if text(raw, "AccountType") == wanted:
        return ""
    return f"{text(raw, 'Name')} is of type {text(raw, 'AccountType')}; a trust account needs {wanted} here"


def clashes(mapped: MappingType[str, str], known: dict[str, dict[str, Raw]]) -> dict[str, str]:
    """Trust accounts that something else is mapped to as well: key to what is wrong (rules R4.4, R6.1).

    ``mapped`` is every mapping of the firm, key to item or account id.
    """
    users: dict[str, list[str]] = {}
    for key, id in sorted(mapped.items()):
        if id:
            users.setdefault(posted_account(key, id, known), []).append(key)
    found: dict[str, str] = {}
    for account_id, using in users.items():
        if account_id and len(using) > 1 and any(is_trust_key(key) for key in using):
            name = text(known["Account"].get(account_id, {}), "Name")
            found |= {key: _clash(name, key, using) for key in using}
    return found


def _clash(name: str, key: str, using: list[str]) -> str:
    if all(is_trust_key(user) for user in using):
        return f"{name} is mapped to more than one trust account, and each needs its own"
    if is_trust_key(key):
        return f"{name} is used for bills or payments as well, and those never touch trust"
    return f"{name} is mapped as a trust account, and bills and their payments never touch trust"


def posted_account(key: str, id: str, known: dict[str, dict[str, Raw]]) -> str:
    """The id of the account that an item or account posts to; "" where it is not known."""
    if not key.startswith("item:"):
        return id
    return text(nested(known["Item"].get(id, {}), "IncomeAccountRef"), "value")
