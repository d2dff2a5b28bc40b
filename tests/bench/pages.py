"""What is asked of each page of a firm that `seed_scale` made: its first look, and where the lists are deepest."""

from collections.abc import Iterator

from django.urls import reverse

from firms.models import Firm, Membership
from integrations.management.scale import BILL, CONTACT, MEMO, PAYMENT, STRANGER, TRUST
from integrations.models import Errand, Issue, Proof, SyncRun

# Forms are sent there, or a file is read to its end.
NOT_MEASURED = {
    "sync",
    "check",
    "connect",
    "confirm_company",
    "read_targets",
    "invite",
    "send_again",
    "start_date",
    "adopt_first",
    "match",
    "opening",
    "note_issue",
    "assign_issue",
    "take_back",
    "withdraw",
    "log_file",
    "trust_opening",
    "quickbooks_only_file",
}
RECORDS = {"contact": CONTACT, "invoice": BILL, "payment": PAYMENT, "credit_note": MEMO, "trust_entry": TRUST}
ALONE = (
    "dashboard live setup connections purge mappings notices preview runs log issues adopt_all trust proof "
    "quickbooks_only team leave require_two_step"
).split()


def asked(firm: Firm) -> Iterator[tuple[str, str]]:
    """Each pattern's name with an address."""
    for name in ALONE:
        yield name, reverse(name, args=[firm.slug])
    for name, more in _narrowed():
        yield name, reverse(name, args=[firm.slug]) + more
    for kind, first in RECORDS.items():
        yield "records", reverse("records", args=[firm.slug, kind])
        yield "record", reverse("record", args=[firm.slug, kind, first + 1])
    yield "records", reverse("records", args=[firm.slug, "invoice"]) + "?state=left"
    yield "records", reverse("records", args=[firm.slug, "contact"]) + "?q=moss"
    picked = "&".join(
        f"id={pk}" for pk in Issue.objects.of(firm).filter(state="open").values_list("pk", flat=True)[:50]
    )
    yield "selected_issues", f"{reverse('selected_issues', args=[firm.slug])}?{picked}"
    yield "customer", reverse("customer", args=[firm.slug, STRANGER + 1])
    yield "counted", reverse("counted", args=[firm.slug, "bills_in"])
    yield "counted", reverse("counted", args=[firm.slug, "bills_in"]) + "?owed=1"
    yield "disconnect", reverse("disconnect", args=[firm.slug, "clio"])
    for name, pk in _rows(firm):
        yield name, reverse(name, args=[firm.slug, pk])


def _narrowed() -> Iterator[tuple[str, str]]:
    """The searches and filters that reach furthest."""
    yield "log", "?q=10001"
    yield "log", "?contact=moss&outcome=issue"
    yield "trust", "?q=moss&differs=1"
    yield "quickbooks_only", "?q=moss&inactive=1"
    yield "proof", "?show=unexplained"
    yield "setup", "?step=start"


def _rows(firm: Firm) -> Iterator[tuple[str, int]]:
    runs = SyncRun.objects.of(firm)
    yield "run", runs.earliest("id").pk  # the first, which wrote everything
    yield "run", runs.latest("id").pk
    yield "issue", Issue.objects.of(firm).filter(state="open").latest("id").pk
    yield "earlier_proof", Proof.objects.of(firm).latest("id").pk
    yield "errand", Errand.objects.of(firm).latest("id").pk
    colleague = Membership.objects.filter(firm=firm).latest("id").pk
    for name in ("member_role", "remove_member", "hand_over"):
        yield name, colleague
