"""Every issue code: how bad it is, what it is called, why it matters and what a person can do about it."""

from dataclasses import dataclass

from integrations.models.issue import Issue, Severity

ACCEPT = "ignore"  # the difference is accepted and listed


@dataclass(frozen=True, slots=True)
class Code:
    """``actions`` are offered in this order; each is a verb of ``ACTIONS``."""

    severity: Severity
    name: str
    why: str
    actions: tuple[str, ...] = (ACCEPT,)


ACTIONS = {
    "renumber": "Renumber in Clio",
    "link": "Link to this customer",
    "create": "Create a new customer",
    "adopt": "Adopt the one in QuickBooks",
    "post": "They are two: post it as well",
    "reactivate": "Make the customer active",
    "merge": "Use what is chosen for each field",
    "use_clio": "Use Clio’s values",
    "use_quickbooks": "Use QuickBooks’s values",
    "retry": "Try again",
    "confirm": "I have looked, it is on",
    "restore": "Restore ours",
    "accept_theirs": "Accept QuickBooks's version",
    "unlink": "Unlink: a person keeps it from now on",
    "credit_memo": "Post a credit memo dated today",
    "refund": "Post the refund as an expense",
    "reopen": "Open again",
    "take_back": "Take the decision back",
    "reverse": "Reverse it with an entry dated today",
    "alone": "Post the payment without it",
    "ignore": "Accept and leave out",
    "apply": "Apply",
    "discard": "Discard",
}

AT_ONCE = frozenset({"confirm", "retry"})  # done with as soon as they are said
MATCHES = ("probable_match", "invoice_exists", "payment_exists", "credit_exists")  # is it there already?
PEOPLES_WORK = ("restore", "accept_theirs", "unlink", ACCEPT)  # what can be done about what people did (rule R8)

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

CODES: dict[str, Code] = {
    "numbering_setting_off": Code(
        ERROR,
        "QuickBooks numbers invoices itself",
        "Without custom transaction numbers QuickBooks gives invoices its own numbers, and Clio's are lost.",
        (),
    ),
    "duplicate_warning_off": Code(
        WARNING,
        "Duplicate bill numbers are not warned of",
        "QuickBooks's warning guards supplier bills. The portal guards invoices itself.",
        ("confirm", ACCEPT),
    ),
    "numbering_behind": Code(
        WARNING,
        "Clio's next number is already used in QuickBooks",
        "A bill that gets a number QuickBooks already has cannot be posted.",
    ),
    "duplicate_number": Code(
        ERROR,
        "Number already used",
        "Two documents with one number cannot be told apart by the client or the auditor.",
        ("renumber", "retry", ACCEPT),
    ),
    "duplicate_in_clio": Code(
        WARNING,
        "Two bills with one number",
        "QuickBooks takes a number once, and a client who quotes it means one of two bills.",
        ("renumber", ACCEPT),
    ),
    "duplicate_in_quickbooks": Code(
        WARNING,
        "Number also used in QuickBooks",
        "Two documents with one number cannot be told apart by the client or the auditor.",
        ("renumber", ACCEPT),
    ),
    "near_duplicate_number": Code(
        WARNING,
        "Numbers that look the same",
        "Numbers that differ only in capitals, spaces, punctuation or leading zeros are taken for one another.",
        ("renumber", ACCEPT),
    ),
    "similar_contacts": Code(
        WARNING,
        "Perhaps the same person twice",
        "One client's bills and money would be split over two customers.",
    ),
    "number_too_long": Code(
        ERROR, "Number too long", "QuickBooks takes 21 characters and never cuts one off.", ("renumber", ACCEPT)
    ),
    "number_missing": Code(
        ERROR, "Bill without a number", "An invoice without a number cannot be found again.", ("renumber", ACCEPT)
    ),
    "name_taken": Code(
        ERROR,
        "Name already used",
        "QuickBooks allows a name once, for customers, vendors and employees together.",
        ("retry", ACCEPT),
    ),
    "probable_match": Code(
        ERROR,
        "Perhaps the same customer",
        "Linking the wrong customer mixes two clients' money; creating a second one splits one client's.",
        ("link", "create", ACCEPT),
    ),
    "customer_inactive": Code(
        ERROR, "Customer is inactive", "QuickBooks takes no invoice for an inactive customer.", ("reactivate", ACCEPT)
    ),
    "contact_conflict": Code(
        ERROR,
        "Changed on both sides",
        "Only one of the two values can go to both sides.",
        ("merge", "use_clio", "use_quickbooks", ACCEPT),
    ),
    "contact_gone": Code(INFO, "Contact gone from Clio", "Its customer is no longer kept in step."),
    "clio_refused": Code(ERROR, "Refused by Clio", "The two sides of the contact differ.", ("retry", ACCEPT)),
    "invoice_exists": Code(
        ERROR, "Invoice already in QuickBooks", "Posting it again would double the receivable.", ("adopt", ACCEPT)
    ),
    "payment_exists": Code(
        ERROR,
        "Payment already in QuickBooks",
        "Posting it again would count the money twice.",
        ("adopt", "post", ACCEPT),
    ),
    "credit_exists": Code(
        ERROR,
        "Credit already in QuickBooks",
        "Posting it again would take the amount off twice.",
        ("adopt", "post", ACCEPT),
    ),
    "credit_of_several": Code(
        ERROR, "Credit note of several clients", "A credit memo in QuickBooks has one customer.", ("retry", ACCEPT)
    ),
    "credit_partly_outside": Code(
        INFO, "Also reduces other bills", "Only what it takes off posted bills is posted.", (ACCEPT,)
    ),
    "credit_in_use": Code(
        ERROR,
        "Credit is used in QuickBooks",
        "A credit memo cannot be worth less than what is applied of it.",
        ("retry", ACCEPT),
    ),
    "credit_applied_elsewhere": Code(
        ERROR,
        "Credit applied to another invoice",
        "One invoice owes too little and another too much.",
        ("retry", ACCEPT),
    ),
    "credit_left_open": Code(
        WARNING, "Credit not fully applied", "The rest stays the customer's open credit.", (ACCEPT,)
    ),
    "drift": Code(
        ERROR, "Changed in QuickBooks", "Clio and QuickBooks no longer say the same of this document.", PEOPLES_WORK
    ),
    "deleted_in_ledger": Code(
        ERROR, "Deleted in QuickBooks", "It is in Clio, but its money is no longer in the books.", PEOPLES_WORK
    ),
    "kept_by_hand": Code(
        WARNING,
        "To be entered by hand",
        "What it belongs to was unlinked or given up in QuickBooks, so the portal cannot post it.",
        (ACCEPT,),
    ),
    "customers_merged": Code(
        ERROR,
        "Two contacts, one customer",
        "Two clients of the firm share one customer, so QuickBooks no longer tells their money apart.",
        ("create", ACCEPT),
    ),
    "payment_only_in_quickbooks": Code(
        INFO, "Payment only in QuickBooks", "Clio still asks the client for what QuickBooks shows as paid.", (ACCEPT,)
    ),
    "period_closed": Code(
        ERROR, "Period closed", "Books that are closed must not change without the accountant.", ("retry", ACCEPT)
    ),
    "deposited_payment": Code(
        ERROR,
        "Payment is in a deposit",
        "Changing it would break the bank reconciliation.",
        ("retry", "refund", ACCEPT),
    ),
    "check_exists": Code(
        ERROR, "Check already in QuickBooks", "Posting it again would take the money twice.", ("adopt", "post", ACCEPT)
    ),
    "trust_overdraw": Code(
        ERROR, "More than is held in trust", "One client's money must never pay for another's.", (ACCEPT,)
    ),
    "trust_row_missing": Code(
        ERROR,
        "Trust money is not shown going out",
        "A bill paid from trust is two entries, and one without the other puts the trust account out of balance.",
        ("alone", ACCEPT),
    ),
    "reversal_apart": Code(
        ERROR,
        "A reversal stands alone",
        "An entry and the one that takes it back cancel each other only as long as both are as they were posted.",
        (ACCEPT,),
    ),
    "trust_leg_waits": Code(
        WARNING,
        "Deleted payment not yet taken back",
        "A bill paid from trust is two entries, and taking back one alone puts the trust account out of balance.",
        (ACCEPT,),
    ),
    "trust_incomplete": Code(
        INFO,
        "Incomplete trust records",
        "Trust rules want source or payee, purpose and reference of every row.",
        (ACCEPT,),
    ),
    "trust_unmapped": Code(
        WARNING,
        "Trust account not mapped",
        "Bills paid from it are posted, but what leaves the trust account is not.",
        (ACCEPT,),
    ),
    "trust_text_closed": Code(
        INFO, "Trust record reworded", "Closed books keep the words they were closed with.", (ACCEPT,)
    ),
    "mapping_missing": Code(ERROR, "Nothing mapped", "Without an item the amount has no account to go to.", (ACCEPT,)),
    "mapping_invalid": Code(
        ERROR, "Mapping no longer valid", "What is mapped is gone, inactive or of the wrong type.", ()
    ),
    "currency_mismatch": Code(
        ERROR, "Another currency", "An amount must never be posted as if it were another currency.", (ACCEPT,)
    ),
    "total_mismatch": Code(
        ERROR, "Amounts do not add up", "An invoice must be worth exactly what the bill is.", ("retry", ACCEPT)
    ),
    "void_blocked": Code(
        ERROR, "Cannot be voided", "Money or a closed period stands in the way.", ("retry", "credit_memo", ACCEPT)
    ),
    "paid_otherwise": Code(
        ERROR,
        "Paid otherwise in QuickBooks",
        "QuickBooks refuses to pay more of an invoice than is left of it, and holds on to one that others pay.",
        (ACCEPT,),
    ),
    "money_kept": Code(
        WARNING,
        "Money that no bill has",
        "What the firm received is in its bank account, so it must stay in the books.",
        (ACCEPT,),
    ),
    "money_unproven": Code(
        WARNING,
        "Was the money given back?",
        "A payment was voided with its bill, and Clio does not show whether its money left the bank.",
        (ACCEPT,),
    ),
    "credit_missing": Code(
        ERROR, "No open credit", "Clio says the bill is paid from money QuickBooks does not show.", (ACCEPT,)
    ),
    "payment_partly_outside": Code(
        INFO, "Also pays earlier bills", "The rest stays the customer's open credit.", (ACCEPT,)
    ),
    "bill_in_draft": Code(
        INFO, "Bill is a draft again", "The invoice is updated when the bill is approved.", (ACCEPT,)
    ),
    "auto_apply_on": Code(
        INFO,
        "QuickBooks applies credits by itself",
        "It may link payments and credits before the portal does.",
        (ACCEPT,),
    ),
    "edition_limited": Code(WARNING, "Edition may not suffice", "QuickBooks refuses what an edition lacks.", (ACCEPT,)),
    "books_closed": Code(INFO, "Books are closed up to a day", "What is dated in a closed period waits.", (ACCEPT,)),
    "run_held": Code(
        ERROR,
        "A sync is held",
        "What is taken back or changed in the books is not easily put right again.",
        ("apply", "discard"),
    ),
    "set_aside": Code(
        WARNING, "Left as it is", "Clio and QuickBooks differ here until it is opened again, or changes.", (ACCEPT,)
    ),
    "proof_differs": Code(
        ERROR,
        "The books differ, and nothing says why",
        "Each night both systems are read afresh and compared; what no issue explains nobody has looked at yet.",
        (),
    ),
    "unresolved_write": Code(ERROR, "Unknown outcome", "Writing it again could double it.", ()),
    "rejected": Code(ERROR, "Refused by QuickBooks", "The record is not in the books.", ("retry", ACCEPT)),
    "reconnect": Code(ERROR, "Connection lost", "Nothing is kept in step until it is connected again.", ()),
    "sync_stopped": Code(
        ERROR, "The sync has stopped", "Nothing is kept in step until a person asks for a sync that gets through.", ()
    ),
    "not_synced": Code(
        ERROR,
        "Not synced for a while",
        "What changes in Clio is not in the books until a sync gets through.",
        (),
    ),
    "subscription_lapsed": Code(
        WARNING,
        "Clio no longer tells of changes",
        "What changes in Clio reaches QuickBooks with the next regular look, and not within seconds.",
        (ACCEPT,),
    ),
    "webhooks_off": Code(
        INFO,
        "Clio cannot tell of changes",
        "What changes in Clio reaches QuickBooks within minutes, and not within seconds.",
        (ACCEPT,),
    ),
    "reconnect_soon": Code(
        WARNING, "Connection ends soon", "On that day the system ends it, whatever is done until then.", (ACCEPT,)
    ),
    "reads_low": Code(
        INFO, "Many QuickBooks reads", "Intuit counts the reads of all firms of this portal together.", (ACCEPT,)
    ),
    "reads_wait": Code(
        WARNING,
        "QuickBooks read less often",
        "The rest of the month's reads is kept for what has to be posted.",
        (ACCEPT,),
    ),
    "permission_lost": Code(ERROR, "Not permitted to read", "What cannot be read cannot be kept in step.", (ACCEPT,)),
    "date_missing": Code(
        ERROR, "Payment without a date", "Without its date money cannot be put into a period.", ("retry", ACCEPT)
    ),
    "contact_missing": Code(
        ERROR, "Bill without a client", "An invoice needs a customer who owes it.", ("retry", ACCEPT)
    ),
    "unreadable": Code(ERROR, "Cannot be read", "What cannot be read cannot be posted.", (ACCEPT,)),
    "not_planned": Code(ERROR, "The portal failed", "Nothing was written for this contact.", (ACCEPT,)),
    "wrong_company": Code(ERROR, "Another company", "Links of one company must never be used in another.", ()),
}

UNKNOWN = Code(ERROR, "Needs you", "", (ACCEPT,))


def code(name: str) -> Code:
    return CODES.get(name, UNKNOWN)


def offered(issue: Issue) -> tuple[str, ...]:
    """What can be decided about this very issue; ``details`` names what fits only it, and what does not fit it."""
    known = (*issue.details.get("also", ()), *code(issue.code).actions)
    actions = tuple(name for name in known if name not in issue.details.get("without", ()))
    if issue.state != Issue.State.ACCEPTED:
        return actions
    if issue.action == "unlink":
        return ("reopen",)
    return ("reopen", *(name for name in actions if name not in (ACCEPT, issue.action)))
