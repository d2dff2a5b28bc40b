"""Where the numbers of both sides stand, so that Clio's next bill gets one that nobody has (rule R9.3)."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from integrations.kinds.catalog import NUMBERED
from integrations.kinds.invoice import NUMBER_LENGTH
from integrations.sync.mirror import NUMBER
from integrations.sync.workspace import Workspace

# Numbers of digits only, short enough for the one after them to fit too; whoever writes letters counts another way.
_DIGITS = f"^[0-9]{{1,{NUMBER_LENGTH - 1}}}$"

_FOREIGN = """
SELECT max(btrim(form.data->>'DocNumber')::numeric) FROM integrations_record form
WHERE form.pairing_id = %(p)s AND form.side = 'ledger' AND form.entity = ANY(%(forms)s)
  AND btrim(form.data->>'DocNumber') ~ %(digits)s
  AND NOT EXISTS (SELECT 1 FROM integrations_entitylink link WHERE link.pairing_id = form.pairing_id
    AND link.ledger_entity = split_part(form.entity, ':', 2) AND link.ledger_id = form.external_id
    AND link.state <> 'unlinked')
"""

_CLIO = """
SELECT max(btrim(data->>'number')::numeric) FROM integrations_record
WHERE pairing_id = %(p)s AND side = 'practice' AND entity = 'bills' AND btrim(data->>'number') ~ %(digits)s
"""

_WITH_LETTERS = """
SELECT EXISTS (SELECT 1 FROM integrations_record WHERE pairing_id = %(p)s AND side = 'practice' AND entity = 'bills'
  AND btrim(data->>'number') ~ '[^0-9]')
"""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The highest all-digit number of a Clio bill, and of a QuickBooks sales form that came from elsewhere; or 0."""

    clio: int
    quickbooks: int

    @property
    def next(self) -> int:
        """The first number that is above everybody's."""
        return max(self.clio, self.quickbooks) + 1

    def report(self) -> dict[str, int]:
        return {"clio_highest": self.clio, "quickbooks_highest": self.quickbooks, "next": self.next}


def numbers_of(work: Workspace) -> Numbers:
    """Bills count whatever became of them, for Clio counts on from them too."""
    forms = [NUMBER + entity for entity in NUMBERED]
    return Numbers(int(_one(_CLIO, work) or 0), int(_one(_FOREIGN, work, forms=forms) or 0))


def numbering_behind(work: Workspace, numbers: Numbers) -> str:
    """What to do when QuickBooks's own numbers reach past Clio's next one; empty when they do not."""
    if numbers.quickbooks < numbers.clio + 1 or (not numbers.clio and _numbers_with_letters(work)):
        return ""
    return (
        f"QuickBooks documents that did not come from Clio go up to number {numbers.quickbooks}, and Clio's next bill "
        f"would be {numbers.clio + 1}. Give the next bill in Clio number {numbers.next}: open it while it is a draft, "
        "choose Edit, change the bill number and save. Clio counts on from there."
    )


def _numbers_with_letters(work: Workspace) -> bool:
    """Asked where no bill has a number of digits only: whether bills have others, which then never meet digits."""
    return bool(_one(_WITH_LETTERS, work))


def _one(statement: str, work: Workspace, **values: Any) -> int | bool | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"p": work.pairing.pk, "digits": _DIGITS, **values})
        row = cursor.fetchone()
        return row[0] if row else None
