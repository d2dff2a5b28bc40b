"""The commands as scripts see them: one JSON object on standard output, words on standard error, a status."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command, load_command_class
from django.db import connection as database
from pytest_django import Settings

from firms.models import Firm, User
from integrations import connecting
from integrations.management.commands import sync as sync_command
from integrations.models import Connection, Issue, Pairing, SyncEvent, SyncRun
from integrations.sandbox.world import world_at
from integrations.sync.lease import LEASE
from integrations.sync.run import RunIsOpen, open_run
from integrations.systems.clock import SystemClock
from tests.models.rows import issue_of
from tests.personas import person
from tests.portal import Portal, make_portal
from tests.served import MachineClock, free_port, lead_to, stand_ins_served, unhurried, unpaced

FIRM_COMMANDS = ["recommend_mapping", "preflight", "plan", "sync", "issues", "reconcile"]
COUNTS = {"created", "updated", "voided", "adopted", "unchanged", "waiting", "issues"}


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on standard output."""
        assert self.out.count("\n") == 1, self.out
        parsed = json.loads(self.out)
        assert isinstance(parsed, dict)
        return parsed


def run(name: str, *args: str) -> Ended:
    out, err = StringIO(), StringIO()
    try:
        call_command(name, *args, stdout=out, stderr=err)
    except SystemExit as stopped:
        return Ended(int(stopped.code or 0), out.getvalue(), err.getvalue())
    except CommandError as error:
        return Ended(error.returncode, out.getvalue(), err.getvalue() + str(error))
    return Ended(0, out.getvalue(), err.getvalue())


@pytest.fixture
def portal(acme: Firm, alice: User, settings: Settings, tmp_path: Path) -> Iterator[Portal]:
    """Connected, confirmed and mapped; the commands reach the stand-ins by HTTP."""
    with stand_ins_served(settings, tmp_path) as world:
        yield make_portal(acme, alice, store=world.store, clock=MachineClock(world.store))


@pytest.fixture
def unmapped(acme: Firm, alice: User, settings: Settings, tmp_path: Path) -> Iterator[Portal]:
    with stand_ins_served(settings, tmp_path) as world:
        yield make_portal(acme, alice, store=world.store, clock=MachineClock(world.store), mapped=False)


@pytest.fixture
def unconfirmed(portal: Portal) -> Portal:
    Connection.objects.of(portal.firm).filter(system="quickbooks").update(confirmed_at=None, confirmed_by=None)
    return portal


def writes_of(portal: Portal) -> int:
    return sum(len(portal.quickbooks.all(entity)) for entity in ("Customer", "Invoice", "Payment", "Item", "Account"))


# What cannot be done


@pytest.mark.django_db
@pytest.mark.parametrize("name", FIRM_COMMANDS)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_unknown_firm_is_a_usage_error(name: str, form: list[str]) -> None:
    ended = run(name, "nobody", *form)
    assert (ended.status, ended.out) == (2, "")
    assert "There is no firm “nobody”" in ended.err


@pytest.mark.parametrize("name", FIRM_COMMANDS)
@pytest.mark.parametrize("args", [[], ["acme", "--unknown"], ["acme", "globex"]])
def test_arguments_that_fit_nothing_are_a_usage_error(
    name: str, args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command: Any = load_command_class("integrations", name)
    command._called_from_command_line = True
    with pytest.raises(SystemExit) as stopped:
        command.create_parser("manage.py", name).parse_args(args)
    said = capsys.readouterr()
    assert (stopped.value.code, said.out) == (2, "")
    assert "usage:" in said.err


def test_a_firm_that_has_connected_nothing_is_told_what_to_do(acme: Firm, settings: Settings) -> None:
    settings.SANDBOX_RUNNING = None
    words = "Connect Clio and QuickBooks first, on the connections page."
    planned = run("plan", "acme", "--json")
    assert (planned.status, planned.json) == (2, {"firm": "acme", "reason": words, "changes": []})
    synced = run("sync", "acme", "--json")
    assert (synced.status, synced.json["run"], synced.json["outcome"], synced.json["reason"]) == (
        2,
        None,
        "failed",
        words,
    )
    assert synced.json.keys() == SYNC_KEYS
    checked = run("preflight", "acme", "--json")
    assert (checked.status, checked.json["findings"][0]["message"]) == (1, words)
    recommended = run("recommend_mapping", "acme", "--json")
    assert (recommended.status, recommended.out, recommended.err) == (2, "", words)
    listed = run("issues", "acme", "--json")
    assert (listed.status, listed.json) == (0, {"firm": "acme", "issues": []})
    compared = run("reconcile", "acme", "--json")
    assert (compared.status, compared.json["equal"], compared.json["reason"]) == (2, False, words)


def test_a_disconnected_firm_is_told_which_system(portal: Portal) -> None:
    connecting.disconnect(portal.pairing.practice, portal.clock, portal.session)
    ended = run("sync", "acme", "--json")
    assert (ended.status, ended.json["reason"]) == (2, "Clio is disconnected. Connect it on the connections page.")


def test_nothing_is_written_to_a_company_nobody_confirmed(unconfirmed: Portal) -> None:
    unconfirmed.bill()
    before = writes_of(unconfirmed)
    for name, args in (("sync", ["--json"]), ("plan", ["--json"]), ("recommend_mapping", ["--apply"])):
        ended = run(name, "acme", *args)
        assert ended.status == 2
        assert "Confirm on the connections page" in ended.out + ended.err
    checked = run("preflight", "acme", "--json")
    assert checked.status == 1
    assert "wrong_company" in [finding["code"] for finding in checked.json["findings"]]
    assert run("recommend_mapping", "acme", "--json").status == 0
    assert writes_of(unconfirmed) == before


def test_a_firm_without_a_start_date_is_told_to_choose_one(unmapped: Portal) -> None:
    for name in ("plan", "sync", "reconcile"):
        ended = run(name, "acme", "--json")
        assert ended.status == 2
        assert "No start date is set" in str(ended.json["reason"])


@pytest.mark.parametrize("name", ["plan", "preflight", "recommend_mapping", "reconcile"])
def test_a_defect_of_the_portal_is_never_read_as_an_answer(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(f"integrations.management.commands.{name}.open_workspace", broken)
    ended = run(name, "acme", "--json")
    assert (ended.status, ended.out, ended.err) == (2, "", "The portal itself failed; the log says more.")


def test_a_defect_during_a_run_ends_it_with_a_reason(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("integrations.sync.gather.gather_practice", broken)
    ended = run("sync", "acme", "--json")
    assert (ended.status, ended.json["outcome"]) == (2, "failed")
    assert ended.json["reason"] == "The portal itself failed; support has been told."
    assert SyncRun.objects.of(portal.firm).get().state == "finished"


# What can


SYNC_KEYS = {"firm", "run", "outcome", "reason", "kinds", "requests", "left_out", "warnings", "seconds"}


def test_a_mapping_is_proposed_then_applied(unmapped: Portal) -> None:
    before = writes_of(unmapped)
    proposed = run("recommend_mapping", "acme", "--json")
    assert proposed.status == 0
    assert proposed.json.keys() == {"firm", "start_date", "applied", "mapping"}
    assert (proposed.json["applied"], proposed.json["start_date"]) == (False, f"{datetime.now().year}-01-01")
    assert writes_of(unmapped) == before
    applied = run("recommend_mapping", "acme", "--apply", "--start-date", "2026-01-01", "--json")
    assert (applied.status, applied.json["applied"], applied.json["start_date"]) == (0, True, "2026-01-01")
    assert writes_of(unmapped) > before
    made = writes_of(unmapped)
    assert run("recommend_mapping", "acme", "--apply", "--json").json["start_date"] == "2026-01-01"
    assert writes_of(unmapped) == made
    assert unmapped.pairing.start_date == date(2026, 1, 1)


@pytest.mark.parametrize("day", ["soon", "2026-13-01", "01/02/2026"])
def test_a_start_date_that_is_no_day_is_a_usage_error(portal: Portal, day: str) -> None:
    ended = run("recommend_mapping", "acme", "--start-date", day)
    assert (ended.status, ended.out) == (2, "")
    assert f"got “{day}”" in ended.err


def test_preflight_is_clear_or_says_what_is_not(portal: Portal) -> None:
    clear = run("preflight", "acme", "--json")
    assert (clear.status, clear.json["firm"], clear.json["findings"]) == (0, "acme", [])
    assert {check["state"] for check in clear.json["checks"]} == {"ok"}
    assert "Everything is ready" in run("preflight", "acme").out
    portal.quickbooks.set_custom_numbers(False)
    found = run("preflight", "acme", "--json")
    assert found.status == 1
    assert [finding["code"] for finding in found.json["findings"]] == ["numbering_setting_off"]
    assert found.json["findings"][0].keys() == {"code", "severity", "message"}
    told = run("preflight", "acme")
    assert (told.status, "numbering_setting_off" in told.out) == (1, True)


def test_plan_shows_every_change_with_its_lines_and_writes_nothing(portal: Portal) -> None:
    portal.bill("1250.50", number="1042")
    before = writes_of(portal)
    ended = run("plan", "acme", "--json")
    assert (ended.status, ended.json["reason"]) == (1, None)
    (invoice,) = [change for change in ended.json["changes"] if change["kind"] == "invoice"]
    assert (invoice["action"], invoice["amount"]) == ("create", "1250.50")
    debits = sum(Decimal(line["debit"]) for line in invoice["lines"])
    credits = sum(Decimal(line["credit"]) for line in invoice["lines"])
    assert debits == credits == Decimal("1250.50")
    assert writes_of(portal) == before
    assert not SyncRun.objects.of(portal.firm).exists()
    assert "2 changes" in run("plan", "acme").out


def test_looking_neither_starts_the_schedule_nor_answers_who_asked(portal: Portal) -> None:
    run("plan", "acme")
    assert portal.pairing.next_sync_at is None
    asked = SystemClock().now()
    Pairing.objects.of(portal.firm).update(sync_asked_at=asked, sync_asked_by=portal.owner, next_sync_at=asked)
    run("plan", "acme")
    pairing = portal.pairing
    assert (pairing.sync_asked_at, pairing.sync_asked_by, pairing.next_sync_at) == (asked, portal.owner, asked)


def test_sync_prints_what_it_did_and_a_second_one_does_nothing(portal: Portal) -> None:
    portal.pay(portal.bill("1000.00", number="7"), 400)
    ended = run("sync", "acme", "--json")
    assert (ended.status, set(ended.json)) == (0, SYNC_KEYS)
    assert (ended.json["firm"], ended.json["outcome"], ended.json["reason"]) == ("acme", "in_sync", None)
    assert set(ended.json["kinds"]) >= {"contact", "invoice", "payment"}
    assert all(set(counts) == COUNTS for counts in ended.json["kinds"].values())
    assert [ended.json["kinds"][kind]["created"] for kind in ("contact", "invoice", "payment")] == [1, 1, 1]
    assert ended.json["requests"].keys() == {"clio", "quickbooks_reads", "quickbooks_writes"}
    assert ended.json["requests"]["quickbooks_writes"] >= 1
    assert ended.json["left_out"] == {"payments": 0, "amount": "0.00"}
    assert isinstance(ended.json["seconds"], float)
    again = run("sync", "acme", "--json")
    assert (again.status, again.json["requests"]["quickbooks_writes"]) == (0, 0)
    assert again.json["kinds"]["invoice"] == {**dict.fromkeys(COUNTS, 0), "unchanged": 1}
    assert (run("plan", "acme", "--json").status, run("plan", "acme").out) == (0, "Nothing to do\n")
    assert "In sync" in run("sync", "acme").out


def test_a_lost_connection_ends_with_two_and_an_issue(portal: Portal) -> None:
    portal.quickbooks.disconnect_apps()
    ended = run("sync", "acme", "--json")
    assert (ended.status, ended.json["outcome"]) == (2, "failed")
    assert "no longer accepts this connection" in ended.json["reason"]
    listed = run("issues", "acme", "--json")
    assert (listed.status, [issue["code"] for issue in listed.json["issues"]]) == (1, ["reconnect"])


# Proof


@pytest.fixture
def posted(portal: Portal) -> Portal:
    """A bill of 1,000 with 400 paid on it, synced."""
    portal.pay(portal.bill("1000.00", number="7"), 400)
    assert run("sync", "acme", "--json").status == 0
    return portal


def test_reconcile_of_equal_books_ends_with_nought(posted: Portal) -> None:
    ended = run("reconcile", "acme", "--json")
    assert (ended.status, ended.json["equal"], ended.json["differences"]) == (0, True, [])
    assert ended.json.keys() >= {"firm", "equal", "differences", "receivables", "trust", "clio_as_of", "open_run"}
    assert (ended.json["receivables"]["clio"], ended.json["receivables"]["quickbooks"]) == ("600.00", "600.00")
    told = run("reconcile", "acme")
    assert (told.status, told.out.splitlines()[-1]) == (0, "Equal")


def test_reconcile_says_what_it_could_not_compare_and_ends_by_what_it_could(posted: Portal) -> None:
    posted.clio.forbid(posted.clio.account["owner_id"], "accounting")
    ended = run("reconcile", "acme", "--json")
    what = "what payments received above the bills they pay, and trust entries"
    assert (ended.status, ended.json["not_compared"]) == (0, [{"list": "bank_accounts", "what": what}])
    told = run("reconcile", "acme").out.splitlines()
    said = f"Not compared: {what}. Clio does not let the connected user read bank accounts."
    assert told[-2:] == [said, "Equal, as far as it was compared"]
    posted.quickbooks.edit("Invoice", posted.invoice("7")["Id"], TxnDate="2026-02-03")
    assert run("reconcile", "acme").status == 1


def test_reconcile_names_what_was_changed_behind_our_back_and_accepts_what_was_accepted(posted: Portal) -> None:
    invoice = posted.invoice("7")
    posted.quickbooks.edit("Invoice", invoice["Id"], TxnDate="2026-02-03")
    ended = run("reconcile", "acme", "--json")
    (found,) = ended.json["differences"]
    named = ("kind", "ledger_id", "what", "clio", "quickbooks", "issue", "accepted")
    assert (ended.status, ended.json["equal"], ended.json["unexplained"]) == (1, False, 1)
    assert [found[key] for key in named] == [
        "invoice",
        invoice["Id"],
        "date",
        "2026-02-02",
        "2026-02-03",
        None,
        False,
    ]
    told = run("reconcile", "acme").out
    assert "Bill 7" in told
    assert "Unexplained. Sync." in told
    run("sync", "acme", "--json")
    (explained,) = run("reconcile", "acme", "--json").json["differences"]
    issue = next(one for one in run("issues", "acme", "--json").json["issues"] if one["code"] == "drift")
    assert (explained["issue"], explained["accepted"]) == (issue["id"], False)
    run("issues", "acme", "--resolve", str(issue["id"]), "ignore")
    accepted = run("reconcile", "acme", "--json")
    assert (accepted.status, accepted.json["equal"], accepted.json["accepted"]) == (0, True, 1)
    assert f"Accepted: issue {issue['id']}" in run("reconcile", "acme").out


def test_reconcile_that_cannot_read_a_side_ends_with_two(posted: Portal) -> None:
    posted.quickbooks.disconnect_apps()
    ended = run("reconcile", "acme", "--json")
    assert (ended.status, ended.json["equal"], ended.json["differences"]) == (2, False, [])
    assert "no longer accepts this connection" in ended.json["reason"]
    told = run("reconcile", "acme")
    assert (told.status, told.out) == (2, "")
    assert "Nothing could be compared" in told.err


# While another run is open


def test_sync_waits_for_an_open_run_and_then_gives_up(portal: Portal) -> None:
    other = open_run(portal.pairing, SystemClock(), SyncRun.Trigger.SCHEDULE)
    started = time.monotonic()
    ended = run("sync", "acme", "--json", "--wait", "0.3")
    assert 0.3 <= time.monotonic() - started < 5
    assert (ended.status, ended.json["reason"], ended.json["run"]) == (2, f"run {other.pk} is open", None)
    assert sync_command.WAIT_S == 30
    planned = run("plan", "acme", "--json")
    assert (planned.status, planned.json["reason"]) == (2, f"run {other.pk} is open")


def test_it_goes_on_as_soon_as_the_other_is_finished(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    other = open_run(portal.pairing, SystemClock(), SyncRun.Trigger.SCHEDULE)

    def end_other(seconds: float) -> None:
        now = SystemClock().now()
        SyncRun.objects.of(portal.firm).filter(pk=other.pk).update(state="finished", outcome="in_sync", finished_at=now)

    monkeypatch.setattr(sync_command, "time", SimpleNamespace(monotonic=time.monotonic, sleep=end_other))
    ended = run("sync", "acme", "--json")
    assert (ended.status, ended.json["run"] > other.pk) == (0, True)


def test_a_run_whose_worker_died_stands_in_nobodys_way(portal: Portal) -> None:
    dead = open_run(portal.pairing, SystemClock(), SyncRun.Trigger.SCHEDULE)
    SyncRun.objects.of(portal.firm).update(heartbeat_at=SystemClock().now() - LEASE)
    ended = run("sync", "acme", "--json", "--wait", "0")
    assert (ended.status, ended.json["run"]) == (0, dead.pk)


# Issues


@pytest.fixture
def taken(portal: Portal) -> Portal:
    """A bill whose number QuickBooks already has, after a sync."""
    customer = portal.quickbooks.create_customer("Somebody else")
    item = next(doc["Id"] for doc in portal.quickbooks.all("Item"))
    portal.quickbooks.create_invoice(customer["Id"], [(item, Decimal("5.00"))], DocNumber="7")
    portal.bill("1000.00", number="7")
    assert run("sync", "acme", "--json").status == 1
    return portal


def test_issues_lists_what_is_open_as_json(taken: Portal) -> None:
    ended = run("issues", "acme", "--json")
    assert ended.status == 1
    (issue,) = ended.json["issues"]
    assert issue.keys() == {
        "id", "code", "severity", "kind", "practice_id", "ledger_id", "message", "actions", "opened_at",
    }  # fmt: skip
    assert (issue["code"], issue["severity"], issue["kind"]) == ("duplicate_number", "error", "invoice")
    assert "ignore" in issue["actions"]
    assert datetime.fromisoformat(issue["opened_at"]).tzinfo
    assert run("sync", "acme", "--json").json["kinds"]["invoice"]["issues"] == 1


def test_an_accepted_difference_is_no_longer_listed(taken: Portal) -> None:
    (issue,) = taken.issues()
    ended = run("issues", "acme", "--resolve", str(issue.pk), "ignore", "--json")
    assert (ended.status, ended.json["issues"]) == (0, [])
    issue.refresh_from_db()
    assert issue.state == "accepted"
    assert run("sync", "acme", "--json").status == 0


def test_a_decision_that_waits_for_the_next_run_is_listed_with_it(portal: Portal) -> None:
    issue = Issue.objects.of(portal.firm).create(
        pairing=portal.pairing, code="probable_match", severity="error", kind="contact", practice_id="1",
        message="Perhaps Ann Lee.", details={"candidates": ["58"]}, opened_at=SystemClock().now(),
    )  # fmt: skip
    ended = run("issues", "acme", "--resolve", str(issue.pk), "link", "--field", "customer=58", "--json")
    (listed,) = ended.json["issues"]
    assert listed["message"] == "Perhaps Ann Lee. Decided: Link to this customer; the next run carries it out."
    assert ended.status == 1
    issue.refresh_from_db()
    assert (issue.state, issue.action, issue.value) == ("decided", "link", "58")
    assert "Decided: Link" in run("issues", "acme").out


def test_a_decision_is_taken_back_once_and_in_somebodys_name(portal: Portal) -> None:
    issue = issue_of(portal.pairing, severity="error", message="Changed in QuickBooks.")
    run("issues", "acme", "--resolve", str(issue.pk), "restore")
    ended = run("issues", "acme", "--take-back", str(issue.pk), "--by", portal.owner.email, "--json")
    assert (ended.status, ended.json["issues"][0]["message"]) == (1, "Changed in QuickBooks.")
    issue.refresh_from_db()
    assert (issue.state, issue.action) == ("open", "")
    told = (
        SyncEvent.objects.of(portal.firm).filter(outcome="decided").order_by("id").values_list("actor__name", "message")
    )
    assert list(told) == [(None, "Restore ours"), ("Alice", "Taken back: Restore ours")]
    again = run("issues", "acme", "--take-back", str(issue.pk))
    assert again.status == 2 and "nothing to take back" in again.err


@pytest.fixture
def differs(portal: Portal) -> Issue:
    """A contact of which two fields differ; the e-mail of QuickBooks is none that Clio could take."""
    fields = {
        "primary_email": {"clio": "ann@example.com", "quickbooks": "", "base": "", "why": "Cleared.", "only": "clio"},
        "phone": {"clio": "1", "quickbooks": "2", "base": "3"},
    }
    return Issue.objects.of(portal.firm).create(
        pairing=portal.pairing, code="contact_conflict", severity="error", kind="contact", practice_id="1",
        message="Ann Lee differs.", details={"fields": fields}, opened_at=SystemClock().now(),
    )  # fmt: skip


def test_r7_a_contact_is_decided_field_by_field(portal: Portal, differs: Issue) -> None:
    picks = ["--field", "primary_email=clio", "--field", "phone=quickbooks"]
    ended = run("issues", "acme", "--resolve", str(differs.pk), "merge", *picks, "--note", "asked her", "--json")
    assert ended.json["issues"][0]["actions"] == ["merge", "use_clio", "use_quickbooks", "ignore"]
    differs.refresh_from_db()
    assert (differs.state, differs.value, differs.note) == (
        "decided",
        "primary_email=clio phone=quickbooks",
        "asked her",
    )
    assert portal.pairing.contact_preferences == {}


@pytest.mark.parametrize(
    ("action", "fields", "kept"),
    [("merge", ["phone=quickbooks"], {"phone": "quickbooks"}), ("use_clio", [], {"all": "clio"})],
)
def test_r7_or_always_from_now_on(
    portal: Portal, differs: Issue, action: str, fields: list[str], kept: dict[str, str]
) -> None:
    given = [word for field in (*fields, "always=yes") for word in ("--field", field)]
    assert run("issues", "acme", "--resolve", str(differs.pk), action, *given).status == 1
    assert portal.pairing.contact_preferences == kept


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        ("merge", [], "primary_email=clio phone=clio"),
        ("merge", ["fax=clio"], "none of the fields"),
        ("merge", ["phone=ours"], "no side"),
        ("merge", ["primary_email=quickbooks"], "Cleared."),
        ("use_quickbooks", [], "Cleared."),
    ],
)
def test_r7_a_pick_that_cannot_be_carried_out_is_a_usage_error(
    differs: Issue, action: str, fields: list[str], said: str
) -> None:
    given = [word for field in fields for word in ("--field", field)]
    ended = run("issues", "acme", "--resolve", str(differs.pk), action, *given)
    assert ended.status == 2 and said in ended.err
    differs.refresh_from_db()
    assert differs.state == "open"


def test_accepted_differences_are_listed_with_who_when_and_why(taken: Portal) -> None:
    (issue,) = taken.issues()
    who = ("--by", taken.owner.email, "--note", "billed by hand")
    assert run("issues", "acme", "--resolve", str(issue.pk), "ignore", *who).status == 0
    ended = run("issues", "acme", "--accepted", "--json")
    (listed,) = ended.json["issues"]
    assert (ended.status, listed["accepted"], listed["by"]) == (0, "ignore", taken.owner.email)
    assert (listed["note"], listed["actions"][0]) == ("billed by hand", "reopen")
    assert run("issues", "acme", "--resolve", str(issue.pk), "reopen").status == 1
    assert run("issues", "acme", "--accepted", "--json").json["issues"] == []


def test_only_a_member_who_may_decides_by_name(taken: Portal) -> None:
    (issue,) = taken.issues()
    ended = run("issues", "acme", "--resolve", str(issue.pk), "ignore", "--by", "stranger@example.com")
    assert (ended.status, "no member of this firm" in ended.err) == (2, True)
    issue.refresh_from_db()
    assert issue.state == "open"


def test_every_open_issue_of_a_code_is_resolved_at_once(portal: Portal) -> None:
    """Rule R3.5: all exact matches are adopted after one yes, then their payments by R4.6."""
    ann = portal.quickbooks.create_customer("Ann Lee", PrimaryEmailAddr={"Address": "ann@example.com"})["Id"]
    item, contact = portal.quickbooks.all("Item")[0]["Id"], portal.contact()
    for number in ("701", "702"):
        portal.pay(portal.bill("80.00", contact=contact, number=number), int(number) - 650)
        made = portal.quickbooks.create_invoice(ann, [(item, Decimal("80.00"))], number=number, TxnDate="2026-02-02")
        portal.quickbooks.receive_payment(ann, int(number) - 650, {made["Id"]: int(number) - 650}, TxnDate="2026-02-21")
    for code in ("invoice_exists", "payment_exists"):
        assert run("sync", "acme", "--json").status == 1
        assert {issue["code"] for issue in run("issues", "acme", "--json").json["issues"]} == {code}
        listed = run("issues", "acme", "--resolve-all", code, "adopt", "--json").json["issues"]
        assert [issue["message"].endswith("the next run carries it out.") for issue in listed] == [True, True]
    assert run("sync", "acme", "--json").status == 0
    assert len(portal.quickbooks.all("Invoice")) == len(portal.quickbooks.all("Payment")) == 2


def test_an_action_that_does_not_fit_names_those_that_do(taken: Portal) -> None:
    (issue,) = taken.issues()
    ended = run("issues", "acme", "--resolve", str(issue.pk), "link")
    assert (ended.status, ended.out) == (2, "")
    assert "Possible: renumber" in ended.err
    issue.refresh_from_db()
    assert issue.state == "open"


@pytest.mark.parametrize("id_", ["0", "999999999999999999999", "x", "²", "-1"])
def test_an_issue_that_is_not_there_is_a_usage_error(portal: Portal, id_: str) -> None:
    ended = run("issues", "acme", "--resolve", id_, "ignore")
    assert (ended.status, ended.out) == (2, "")


def test_nor_can_an_issue_of_another_firm_be_resolved(taken: Portal, globex: Firm) -> None:
    (issue,) = taken.issues()
    ended = run("issues", "globex", "--resolve", str(issue.pk), "ignore")
    assert (ended.status, "no open issue" in ended.err) == (2, True)


def test_nor_one_of_a_link_that_was_purged(taken: Portal) -> None:
    (issue,) = taken.issues()
    connecting.purge(taken.pairing, taken.clock, taken.session)
    assert run("issues", "acme", "--json").json["issues"] == []
    assert run("issues", "acme", "--resolve", str(issue.pk), "ignore").status == 2


@pytest.mark.parametrize("field", ["customer", "customer=", "=58"])
def test_a_field_is_a_name_and_a_value(taken: Portal, field: str) -> None:
    (issue,) = taken.issues()
    ended = run("issues", "acme", "--resolve", str(issue.pk), "ignore", "--field", field)
    assert (ended.status, "NAME=VALUE" in ended.err) == (2, True)
    assert run("issues", "acme", "--field", field).status == 2


# Around them


def test_a_tick_says_nothing_and_ends_well(portal: Portal) -> None:
    assert run("tick") == Ended(0, "", "")


def test_a_command_serves_the_stand_ins_itself_where_no_portal_is_served(
    acme: Firm, alice: User, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "sandbox.sqlite3"
    lead_to(settings, f"http://127.0.0.1:{free_port()}", path)
    world = world_at(path)
    unhurried(world.store)
    with unpaced():
        portal = make_portal(acme, alice, store=world.store, clock=MachineClock(world.store))
        portal.bill("10.00", number="7")
        assert (run("plan", "acme").status, run("sync", "acme").status, run("plan", "acme").status) == (1, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_sync_as_a_script_would_call_it(settings: Settings, tmp_path: Path) -> None:
    from firms.membership import create_firm

    with stand_ins_served(settings, tmp_path) as world:
        alice = person("Alice")
        portal = make_portal(
            create_firm(alice, "Acme Law", "acme"), alice, store=world.store, clock=MachineClock(world.store)
        )
        portal.bill("10.00", number="7")
        done = script(settings.SITE_URL, "sync", "acme", "--json")
        assert (done.returncode, done.stdout.count("\n")) == (0, 1), done.stderr
        assert json.loads(done.stdout)["kinds"]["invoice"]["created"] == 1
        assert [invoice["DocNumber"] for invoice in portal.quickbooks.all("Invoice")] == ["7"]
        wrong = script(settings.SITE_URL, "sync", "nobody", "--json")
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert "There is no firm “nobody”" in wrong.stderr


def script(site: str, *args: str) -> subprocess.CompletedProcess[str]:
    """``manage.py`` in a process of its own, on the database of this test."""
    at = database.settings_dict
    address = f"postgres://{at['USER']}@/{at['HOST']}/{at['NAME']}"
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "SITE_URL": site,
        "TOKEN_KEYS": ",".join(configured.TOKEN_KEYS),
    }
    command = [sys.executable, str(configured.BASE_DIR / "manage.py"), *args]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_message_names_the_open_run(portal: Portal) -> None:
    first = open_run(portal.pairing, SystemClock(), SyncRun.Trigger.COMMAND)
    with pytest.raises(RunIsOpen, match=f"^run {first.pk} is open$"):
        open_run(portal.pairing, SystemClock(), SyncRun.Trigger.COMMAND)
