"""What is to be said of a whole trust account: rows that lack something, and accounts that pay bills unmapped (R6)."""

from collections.abc import Iterator

from django.db import connection

from integrations.core.changes import Problem
from integrations.core.mapping import Policy
from integrations.core.read import Unreadable
from integrations.core.records import Kind, Ref
from integrations.kinds.trust_entry import TrustRow, decode_row, lacking
from integrations.models import Pairing, Record, SyncRun
from integrations.sync import issues
from integrations.sync.trust import mapped_accounts
from integrations.sync.workspace import Workspace

CODES = ("trust_incomplete", "trust_unmapped")
NAMED = 10  # rows named in the message
LISTED = 500  # rows listed in the details

# Rows in scope that may lack something; whether they do is for ``lacking`` to say.
_SUSPECTS = """
SELECT * FROM integrations_record
WHERE pairing_id = %(p)s AND entity = 'trust_transactions' AND NOT is_deleted
  AND data->'bank_account'->>'id' = %(account)s AND COALESCE(data->>'date', '9999') >= %(start)s
  AND (owner_id = '0' OR data->>'date' IS NULL
    OR btrim(concat(data->>'description', data->>'source')) = ''
    OR (btrim(COALESCE(data->>'confirmation', '')) = '' AND COALESCE(data->>'funds_in', '0') IN ('0', '0.0', '0.00'))
    OR concat(data->>'funds_in', data->>'funds_out') ~ '^[0.]*$')
ORDER BY id
"""

# Trust accounts that posted payments came from.
_SOURCES = """
SELECT part.data->'source_bank_account'->>'id', max(part.data->'source_bank_account'->>'name'), count(*)
FROM integrations_record part
JOIN integrations_entitylink link ON link.pairing_id = part.pairing_id AND link.kind = 'payment'
  AND link.practice_id = part.peer_id AND link.state = 'live'
WHERE part.pairing_id = %s AND part.entity = 'allocations' AND part.data->>'voided_at' IS NULL
  AND part.data->'source_bank_account'->>'type' = 'Trust'
GROUP BY 1 ORDER BY 1
"""


def account_ref(account_id: str) -> Ref:
    """What an issue about a whole account is about; no row of Clio has such an id."""
    return Ref(Kind.TRUST_ENTRY, f"account-{account_id}")


def account_issues(work: Workspace, run: SyncRun, policy: Policy) -> None:
    """Opens and closes the issues about accounts as a whole."""
    mapped = mapped_accounts(work.pairing)
    problems = [problem for id in mapped if (problem := _incomplete(work.pairing, policy, id))]
    problems += [_unmapped(*source) for source in _sources(work.pairing) if source[0] not in mapped]
    issues.sync_codes(work, run, CODES, problems)


def _incomplete(pairing: Pairing, policy: Policy, account_id: str) -> Problem | None:
    """Rule R6.6: one issue for an account, listing its rows."""
    found = [(row, missing) for row in _suspects(pairing, policy, account_id) if (missing := lacking(row))]
    if not found:
        return None
    name = found[0][0].account_name or f"trust account {account_id}"
    told = "; ".join(f"{_as_known(row)} ({' and '.join(missing)})" for row, missing in found[:NAMED])
    more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return Problem(
        "trust_incomplete",
        account_ref(account_id),
        f"{_rows(len(found), name)} what a trust record needs: {told}{more}. What is there is posted; complete "
        "it in Clio and the entries follow.",
        title=name,
        blocks=False,
        details={"rows": [{"id": row.id, "lacks": list(missing)} for row, missing in found[:LISTED]]},
    )


def _rows(number: int, name: str) -> str:
    return f"1 row of {name} lacks" if number == 1 else f"{number:,} rows of {name} lack"


def _as_known(row: TrustRow) -> str:
    return f"{row.known_as}, {row.contact_name}" if row.contact_name else row.known_as


def _suspects(pairing: Pairing, policy: Policy, account_id: str) -> Iterator[TrustRow]:
    args = {"p": pairing.pk, "account": account_id, "start": policy.start_date.isoformat()}
    for record in Record.objects.of(pairing.firm).raw(_SUSPECTS, args):
        try:
            yield decode_row(record.data)
        except Unreadable:
            continue  # it has an issue of its own


def _sources(pairing: Pairing) -> list[tuple[str, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES, [pairing.pk])
        return [(str(id), str(name or ""), int(count)) for id, name, count in cursor.fetchall()]


def _unmapped(account_id: str, name: str, count: int) -> Problem:
    """Rule R6.3: said once for an account, not for every payment."""
    title = name or f"Trust account {account_id}"
    return Problem(
        "trust_unmapped",
        account_ref(account_id),
        f"{title} in Clio is not mapped, so bills paid from it ({count} so far) have their payment in QuickBooks, and "
        "what leaves the trust account is not posted. Map its bank and liability on the mappings page to post both.",
        title=title,
        blocks=False,
    )
