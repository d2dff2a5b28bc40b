"""The proof: both systems read afresh and compared."""

from typing import Any

from firms.models import Firm
from integrations.core.errors import RemoteError
from integrations.gateways import open_workspace
from integrations.management.base import FirmCommand
from integrations.proof_report import proof_report, unread_report
from integrations.sync.policy import NotReady
from integrations.sync.reconcile import reconcile


class Command(FirmCommand):
    help = (
        "Reads Clio and QuickBooks afresh and compares them. "
        "Exit status: 0 equal or every difference accepted, 1 differences, 2 a side could not be read. "
        "Lists that Clio keeps from the connected user and that a sync can do without are said and not compared."
    )

    def work(self, firm: Firm, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
        try:
            proof = reconcile(open_workspace(firm))
        except (NotReady, RemoteError) as error:
            return unread_report(firm, str(error)), 2
        return proof_report(firm, proof), 0 if proof.is_equal else 1

    def print(self, payload: dict[str, Any]) -> None:
        if payload["reason"]:
            self.stderr.write(f"Nothing could be compared: {payload['reason']}")
            return
        self._compared(payload)
        self._receivables(payload)
        for difference in payload["differences"]:
            self._difference(difference)
        for one in payload["not_compared"]:
            list_name = one["list"].replace("_", " ")
            self.stdout.write(f"Not compared: {one['what']}. Clio does not let the connected user read {list_name}.")
        if payload["open_run"]:
            self.stdout.write(f"Run {payload['open_run']} was at work meanwhile; figures may have moved.")
        self.stdout.write(_verdict(payload))

    def _compared(self, payload: dict[str, Any]) -> None:
        self.stdout.write(f"{'':<24}{'compared':>16}{'equal':>16}{'different':>16}")
        for kind, counts in payload["checked"].items():
            compared, equal = counts["compared"], counts["equal"]
            self.stdout.write(f"{NAMES[kind]:<24}{compared:>16}{equal:>16}{compared - equal:>16}")

    def _receivables(self, payload: dict[str, Any]) -> None:
        owed = payload["receivables"]
        self.stdout.write(f"\n{'':<24}{'Clio':>16}{'QuickBooks':>16}")
        self._sums("Open bills", owed["clio_open"], owed["quickbooks_open"])
        self._sums("Open credit", owed["clio_credit"], owed["quickbooks_credit"])
        self._sums("Receivable", owed["clio"], owed["quickbooks"])
        for one in payload["customers"]:
            self._sums(f"  {one['name'] or one['practice_id']}", one["clio"], one["quickbooks"])
        for one in payload["unapplied"]:
            self._sums(f"  credit of {one['name'] or one['practice_id']}", one["clio"], one["quickbooks"])
        self._trust(payload["trust"])
        self._in_transit(payload["in_transit"])
        self.stdout.write("")

    def _trust(self, accounts: list[dict[str, Any]]) -> None:
        if not accounts:
            return
        self.stdout.write(f"\n{'Trust since the start':<24}{'Clio':>16}{'bank':>16}{'liability':>16}{'opening':>16}")
        for one in accounts:
            figures = "".join(f"{one[name]:>16}" for name in ("clio", "bank", "liability", "opening"))
            self.stdout.write(f"{one['account'][:23]:<24}{figures}")
            for client in one["clients"]:
                if client["clio"] != client["liability"]:
                    name = f"  {client['name'] or client['practice_id'] or 'no client'}"
                    self.stdout.write(f"{name[:23]:<24}{client['clio']:>16}{'':>16}{client['liability']:>16}")

    def _in_transit(self, transit: dict[str, Any] | None) -> None:
        if transit is None:
            return
        said = f"Trust money in transit: {transit['waiting']} of {transit['balance']} on {transit['account']}"
        if transit["age_days"] is not None:
            days = f"{transit['age_days']} day{'' if transit['age_days'] == 1 else 's'}"
            said += f"; the oldest has waited {days}. Move it at the bank, then in QuickBooks"
        self.stdout.write(f"{said}.")

    def _sums(self, name: str, clio: str, quickbooks: str) -> None:
        self.stdout.write(f"{name[:23]:<24}{clio:>16}{quickbooks:>16}")

    def _difference(self, one: dict[str, Any]) -> None:
        where = f"Clio {one['practice_id']}, QuickBooks {one['ledger_id'] or 'none'}"
        self.stdout.write(f"{one['title']} ({where}): {one['field'] or WORDS.get(one['what'], one['what'])}")
        self.stdout.write(f"    Clio {one['clio'] or 'blank'}; QuickBooks {one['quickbooks'] or 'blank'}")
        if one["accepted"]:
            self.stdout.write(f"    Accepted{_by_whom(one)}: issue {one['issue']} ({one['code']}).")
        elif one["issue"]:
            self.stdout.write(f"    Explained by issue {one['issue']} ({one['code']}); resolve it there.")
        else:
            self.stdout.write(f"    Unexplained. {one['to_do']}")


NAMES = {
    "contact": "Customers",
    "invoice": "Invoices",
    "payment": "Payments",
    "credit_note": "Credit notes",
    "trust_entry": "Trust entries",
}
WORDS = {"not_linked": "not linked", "by_hand": "kept by hand", "applied": "what it pays", "receivable": "what it owes"}


def _by_whom(one: dict[str, Any]) -> str:
    by = f" by {one['accepted_by']}" if one["accepted_by"] else ""
    return f"{by} (“{one['why']}”)" if one["why"] else by


def _verdict(payload: dict[str, Any]) -> str:
    count, accepted = len(payload["differences"]), payload["accepted"]
    if not count:
        return "Equal, as far as it was compared" if payload["not_compared"] else "Equal"
    said = f"{count} difference{'' if count == 1 else 's'}: {accepted} accepted"
    explained = count - accepted - payload["unexplained"]
    return f"{said}, {explained} explained by an open issue, {payload['unexplained']} unexplained"
