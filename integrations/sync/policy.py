"""The policy of a pairing: mappings, settings and what QuickBooks's preferences say, as the planner takes them."""

from datetime import date

from integrations.core import mapping
from integrations.core.mapping import Policy, Target
from integrations.core.read import text
from integrations.core.records import fingerprint
from integrations.models import Pairing
from integrations.sync import mirror
from integrations.sync.settings import split_mappings


class NotReady(Exception):
    """A run cannot start; the text says what a person has to do first."""


def policy_of(pairing: Pairing) -> Policy:
    """Raises NotReady where no start date is set."""
    if pairing.start_date is None:
        raise NotReady("No start date is set. Choose it on the mappings page, or with recommend_mapping --apply.")
    profile = pairing.ledger_profile
    valid, broken = split_mappings(pairing)
    close = profile.get("close_date") or ""
    return Policy(
        slug=pairing.firm.slug,
        start_date=pairing.start_date,
        currency=profile.get("currency", ""),
        country=profile.get("country", ""),
        targets={row.key: Target(row.ledger_id, row.name, row.account) for row in valid},
        aggregate_tax=pairing.aggregate_tax,
        name_template=pairing.name_template,
        reactivate_customers=pairing.reactivate_customers,
        trust_checks=pairing.trust_checks,
        numbering_on=bool(profile.get("custom_numbers")),
        auto_apply_credit=bool(profile.get("auto_apply_credit")),
        credit_purpose=pairing.credit_purpose,
        broken=tuple(row.key for row in broken),
        close_date=date.fromisoformat(close) if close else None,
        prefer=pairing.contact_preferences,
        receivable=_receivable(pairing),
        tax_engine=profile.get("tax_engine", ""),
    )


def _receivable(pairing: Pairing) -> Target | None:
    """The first active Accounts Receivable account, as QuickBooks's own default is."""
    for row in sorted(mirror.live(pairing, "Account"), key=lambda row: (len(row.id), row.id)):
        if text(row.data, "AccountType") == mapping.RECEIVABLE and row.data.get("Active") is not False:
            return Target(row.id, text(row.data, "Name"), text(row.data, "Name"))
    return None


def unsettle_on_change(pairing: Pairing, policy: Policy) -> bool:
    """A changed policy plans everything anew: it may unblock records, and it never rewrites what is unchanged.

    True where it was another one in the run before.
    """
    before, now = pairing.policy_digest, fingerprint(policy)
    if now == before:
        return False
    mirror.unsettle_everything(pairing)
    pairing.policy_digest = now
    pairing.save(update_fields=["policy_digest"])
    return bool(before)
