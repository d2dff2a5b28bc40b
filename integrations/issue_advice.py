"""What to do about an issue, and where: one sentence or two for every code, and the place it is done at."""

from dataclasses import dataclass

from integrations.issue_codes import CODES

# Pages of the portal, by URL name, with what the link says; and QuickBooks's settings, by the page they open at.
PAGES = {
    "connections": "Open Connections",
    "mappings": "Open the mappings",
    "setup": "Open the set-up",
    "trust": "Open Trust",
    "proof": "See each difference and what to do",
    "runs": "Open the sync log",
    "dashboard": "Open the dashboard",
}
PANELS = ("sales", "advanced", "billing")


@dataclass(frozen=True, slots=True)
class Advice:
    """``place`` is a page of ``PAGES``, one of ``PANELS``, or nothing: then it is done at the record itself."""

    text: str
    place: str = ""


ADVICE: dict[str, Advice] = {
    # Settings and mappings
    "numbering_setting_off": Advice(
        "In QuickBooks open the gear, Account and settings, Sales, Sales form content, and switch Custom transaction "
        "numbers on. It closes with the next check.",
        "sales",
    ),
    "duplicate_warning_off": Advice(
        "In QuickBooks open the gear, Account and settings, Advanced, Other preferences, and switch Warn if duplicate "
        "bill number is used on. Where it is on already, say that you have looked.",
        "advanced",
    ),
    "numbering_behind": Advice(
        "Give the next bill in Clio the number named above while it is a draft. Clio counts on from there.", "setup"
    ),
    "mapping_missing": Advice("Map it. What waited follows with the next sync.", "mappings"),
    "mapping_invalid": Advice(
        "Choose another item or account, or make this one active in QuickBooks again. It closes by itself.", "mappings"
    ),
    "currency_mismatch": Advice(
        "Check that it is the right company; its home currency cannot be changed. A single bill is entered by hand, "
        "then accepted here.",
        "connections",
    ),
    "books_closed": Advice(
        "Nothing, if your accountant has those periods complete. Else move the start date past that day, or have the "
        "period opened.",
        "mappings",
    ),
    "auto_apply_on": Advice(
        "In QuickBooks open the gear, Account and settings, Advanced, Automation, and switch both kinds of "
        "Automatically apply off.",
        "advanced",
    ),
    "edition_limited": Advice("Change to Essentials, Plus or Advanced, or accept and see what is refused.", "billing"),
    # Numbers
    "duplicate_number": Advice("Renumber the bill in Clio, or the other document in QuickBooks."),
    "duplicate_in_clio": Advice("Renumber one of the two in Clio, or accept that both are meant."),
    "duplicate_in_quickbooks": Advice(
        "Renumber the document that did not come from Clio, or the bill in Clio: its invoice follows."
    ),
    "near_duplicate_number": Advice("Compare the two. Renumber one, or accept that both are meant."),
    "number_too_long": Advice("Give the bill a shorter number in Clio."),
    "number_missing": Advice("Give the bill a number in Clio."),
    # People
    "probable_match": Advice("Compare them below. Link the customer who it is, or have a new one created."),
    "customer_inactive": Advice("Have the customer made active, or do it in QuickBooks."),
    "name_taken": Advice(
        "Rename one of them in QuickBooks, or change the name template on the mappings page. Then try again.",
        "mappings",
    ),
    "contact_conflict": Advice("Choose for each field which side counts, or one side for all of them."),
    "contact_gone": Advice(
        "Nothing, if it is meant. Else connect Clio as a user who can see every contact.", "connections"
    ),
    "clio_refused": Advice("Correct the value on either side. It is tried again by itself when one of them changes."),
    "similar_contacts": Advice("Merge them in Clio or in QuickBooks if they are one. If not, accept it."),
    "customers_merged": Advice(
        "Merge the contacts in Clio too. If they are two people, have a customer created again."
    ),
    "contact_missing": Advice("Give the bill a client in Clio."),
    # Bills, payments and credit notes
    "invoice_exists": Advice("Open both and compare. Adopt the invoice if it is this bill."),
    "payment_exists": Advice("Adopt the payment if it is the same money. If it is another, have this one posted too."),
    "credit_exists": Advice("Adopt it if it is the same credit. If it is another, have this one posted too."),
    "check_exists": Advice("Adopt the check if it is the same. If it is another, have this one posted too."),
    "total_mismatch": Advice(
        "Look at it in Clio and correct the figures. Where QuickBooks added tax, switch that off."
    ),
    "void_blocked": Advice(
        "Take the payment off the invoice in the system that is named, or have a credit memo posted."
    ),
    "bill_in_draft": Advice("Approve the bill when it is ready. Its invoice follows."),
    "period_closed": Advice("Have the period opened, or enter it by hand and accept.", "advanced"),
    "deposited_payment": Advice(
        "Take the payment out of the deposit in QuickBooks and try again. If the money went back to the client, "
        "have the refund posted as an expense."
    ),
    "date_missing": Advice("Give it a date in Clio. A credit note is deleted there and entered again with one."),
    "paid_otherwise": Advice(
        "If both are the same money, delete the one in QuickBooks. If they are two payments, take that one off the"
        " invoice there and record it in Clio."
    ),
    "payment_only_in_quickbooks": Advice(
        "Record it in Clio as well. If it was entered by mistake, void it in QuickBooks. It closes by itself."
    ),
    "payment_partly_outside": Advice(
        "Apply the open credit to the older invoice in QuickBooks, if there is one. Else nothing."
    ),
    "money_kept": Advice(
        "If the money was given back, record that in Clio: delete the payment or enter its refund. Else nothing."
    ),
    "money_unproven": Advice(
        "Look at the payment in Clio. If the firm has the money, enter it in QuickBooks as a payment of the customer."
    ),
    "credit_missing": Advice("Apply a credit in QuickBooks by hand, then accept."),
    "credit_of_several": Advice("Enter one credit memo for each client in QuickBooks by hand, then accept."),
    "credit_partly_outside": Advice("Nothing."),
    "credit_in_use": Advice("Take that payment off the credit memo in QuickBooks. The rest follows by itself."),
    "credit_applied_elsewhere": Advice(
        "Take that payment off in QuickBooks. The credit is then applied as Clio has it."
    ),
    "credit_left_open": Advice("See in QuickBooks what paid the invoice. If it belongs into Clio, record it there."),
    # Changed by hand in QuickBooks
    "drift": Advice("Decide which version counts. If you change QuickBooks back yourself, it closes by itself."),
    "deleted_in_ledger": Advice("Have it restored, or leave it out."),
    "kept_by_hand": Advice(
        "Enter it in QuickBooks by hand too; or open the accepted difference of the invoice again and have it restored."
    ),
    # Trust
    "trust_overdraw": Advice(
        "Correct it in Clio: a deposit that is missing, a wrong client, a wrong amount. The rest follows.", "trust"
    ),
    "trust_row_missing": Advice(
        "See in Clio why the trust ledger does not show the money going out. It follows when it does.", "trust"
    ),
    "trust_leg_waits": Advice("Wait. If Clio’s trust ledger still shows the row, delete it there.", "trust"),
    "trust_incomplete": Advice("Complete the rows in Clio. The entries follow.", "trust"),
    "trust_unmapped": Advice("Map the bank and the liability account to have both posted.", "mappings"),
    "trust_text_closed": Advice("Nothing. Amount, date and client are the same.", "trust"),
    "reversal_apart": Advice("Do in QuickBooks what is named above. It closes by itself.", "trust"),
    # Held, refused, unknown
    "run_held": Advice(
        "Look at the list. If a setting or a permission was changed by mistake, put it right and sync again. Else "
        "apply or discard."
    ),
    "set_aside": Advice("Open it again to have it done after all."),
    "proof_differs": Advice("Each difference is named there, with what to do. Then compare again.", "proof"),
    "unresolved_write": Advice(
        "Nothing, at first: the portal looks again within minutes, and this closes by itself. Where several documents "
        "are named, keep one and void or delete the others in QuickBooks."
    ),
    "rejected": Advice("Put right what QuickBooks says. It is tried again when one of the two has changed."),
    "not_planned": Advice("Tell whoever runs this installation; its log says more.", "runs"),
    "unreadable": Advice(
        "Look at it in Clio. If it looks ordinary there, tell support, with the number of this issue."
    ),
    "permission_lost": Advice("Connect Clio again as a user who may see everything.", "connections"),
    # Connections and schedule
    "reconnect": Advice(
        "Connect it again, with the same account. It takes an owner or admin. What happened meanwhile is caught up on.",
        "connections",
    ),
    "reconnect_soon": Advice("Connect QuickBooks again before that day.", "connections"),
    "wrong_company": Advice(
        "Confirm that it is the right company, or disconnect it and connect the right one.", "connections"
    ),
    "sync_stopped": Advice(
        "Press Sync now. If it fails again, whoever runs this installation finds the cause in its log.", "dashboard"
    ),
    "not_synced": Advice(
        "If a system is down, nothing: it is tried again until it is back. Else the log of the last run says why.",
        "runs",
    ),
    "subscription_lapsed": Advice(
        "Nothing at first; the portal asks Clio for it anew. If it stays, connect Clio again as a user who may manage "
        "webhooks.",
        "connections",
    ),
    "webhooks_off": Advice("Nothing. Whoever runs this installation can serve it over https.", "connections"),
    "reads_low": Advice("Nothing.", "dashboard"),
    "reads_wait": Advice("Nothing; or ask whoever runs this installation for a larger tier at Intuit.", "dashboard"),
}
UNKNOWN = Advice("Tell whoever runs this installation.")


def advice(name: str) -> Advice:
    return ADVICE.get(name, UNKNOWN) if name in CODES else UNKNOWN
