"""The checks before a sync: QuickBooks's settings, where numbers stand, whether everything is mapped."""

from integrations.hook_addresses import why_untold
from integrations.sync import issues, mirror
from integrations.sync.gather import gather_ledger
from integrations.sync.settings import check_settings, settings_issues
from integrations.sync.workspace import Workspace


def preflight(work: Workspace) -> dict[str, str]:
    """Reads settings and numbers afresh; the findings as issue code to what to do. Raises RemoteError.

    The same findings stand as open issues afterwards.
    """
    check_settings(work)
    gather_ledger(work, lambda _step: None)
    _newest_bill_numbers(work)
    found = settings_issues(work, None, None)
    if work.ledger_is_unconfirmed:
        found["wrong_company"] = f"Confirm that “{work.pairing.ledger.name}” is the right QuickBooks company."
    return found | _webhooks(work)


def _webhooks(work: Workspace) -> dict[str, str]:
    why = why_untold(work.pairing.practice)
    found = {"webhooks_off": why} if why else {}
    issues.sync_firm(work, None, {"webhooks_off"}, found)
    return found


def _newest_bill_numbers(work: Workspace) -> None:
    """Before the first run no bill is mirrored yet, and numbers cannot be compared without them."""
    if any(True for _ in mirror.load(work.pairing, "bills")):
        return
    for page in work.practice.pages("bills", filters={"type": "revenue"}):
        mirror.keep_practice(work.pairing, "bills", page.rows)
