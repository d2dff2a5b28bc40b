"""Notes on issues, whose they are, taking a decision back, and several issues at once."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from firms.membership import remove
from firms.models import Firm, Membership, User
from integrations import notices, resolving, takebacks
from integrations.models import Dispatch, Issue, Notice, NoticeChoice, Pairing, SyncEvent
from integrations.systems.clock import SystemClock
from tests.models.rows import NOW, dispatch_of, issue_of, made, pairing_of, run_of
from tests.portal import Portal

LIST = "/f/acme/issues/"
CLOCK = SystemClock()


@pytest.fixture
def pairing(acme: Firm) -> Pairing:
    return pairing_of(acme)


@pytest.fixture
def issue(pairing: Pairing) -> Issue:
    return issue_of(pairing, code="drift", severity="error", title="Bill 1042")


def at(issue: Issue, act: str = "") -> str:
    return f"{LIST}{issue.pk}/{act}"


def again(issue: Issue) -> Issue:
    issue.refresh_from_db()
    return issue


def page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def acts(issue: Issue) -> list[tuple[str, str, str]]:
    """Who did what, as the journal has it, the oldest first."""
    rows = SyncEvent.objects.of(issue.firm).filter(actor__isnull=False).order_by("id")
    return [(row.actor.name, row.outcome, row.message) for row in rows if row.actor]


# Notes


def test_a_note_is_kept_in_the_journal_with_who_and_when(bob_client: Client, vera_client: Client, issue: Issue) -> None:
    bob_client.post(at(issue, "note/"), {"note": "  Asked Ann about it.  "})
    assert acts(issue) == [("Bob", "noted", "Asked Ann about it.")]
    for client in (bob_client, vera_client):
        shown = page(client, at(issue))
        assert "Asked Ann about it." in shown and "Bob" in shown and "just now" in shown
    assert "Asked Ann about it." in page(vera_client, "/f/acme/log/?outcome=noted")


@pytest.mark.parametrize(("text", "said"), [("  ", "was empty"), ("x" * 2001, "longer than 2,000")])
def test_an_empty_or_endless_note_is_not_added(bob_client: Client, issue: Issue, text: str, said: str) -> None:
    assert said in bob_client.post(at(issue, "note/"), {"note": text}, follow=True).content.decode()
    assert acts(issue) == []


def test_the_history_of_one_issue_is_not_that_of_another(bob_client: Client, issue: Issue, pairing: Pairing) -> None:
    other = issue_of(pairing, code="rejected")
    bob_client.post(at(issue, "note/"), {"note": "about the first"})
    assert "about the first" not in page(bob_client, at(other))


# Whose


def test_an_issue_is_given_to_a_colleague_taken_and_let_go(
    alice_client: Client, bob_client: Client, bob: User, issue: Issue
) -> None:
    alice_client.post(at(issue, "assign/"), {"to": bob.pk})
    assert again(issue).assigned_to == bob
    assert "with you" in page(bob_client, at(issue)) and "with <bdi>Bob</bdi>" in page(alice_client, at(issue))
    alice_client.post(at(issue, "assign/"), {"to": bob.pk, "take": Membership.objects.get(role="owner").user_id})
    alice_client.post(at(issue, "assign/"), {"to": ""})
    assert again(issue).assigned_to is None
    assert acts(issue) == [
        ("Alice", "assigned", "Given to Bob"),
        ("Alice", "assigned", "Given to Alice"),
        ("Alice", "assigned", "Given to nobody"),
    ]
    alice_client.post(at(issue, "assign/"), {"to": ""})
    assert len(acts(issue)) == 3, "nothing changed, so nothing is told"


def test_the_list_shows_mine_nobodys_or_all(
    bob_client: Client, bob: User, alice: User, issue: Issue, pairing: Pairing
) -> None:
    issue_of(pairing, practice_id="2", title="Bill 2000", assigned_to=alice)
    issue_of(pairing, practice_id="3", title="Bill 3000")
    bob_client.post(at(issue, "assign/"), {"to": bob.pk})
    numbers = {"1042", "2000", "3000"}
    for whose, found in (("mine", {"1042"}), ("nobody", {"3000"}), ("", numbers), ("odd", numbers)):
        shown = page(bob_client, f"{LIST}?whose={whose}")
        assert {number for number in numbers if f"Bill {number}" in shown} == found, whose
    assert "<bdi>Alice</bdi>" in page(bob_client, LIST)


@pytest.mark.parametrize("who", ["vera", "charlie"])
def test_an_issue_is_given_only_to_a_member_who_may_decide_it(
    bob_client: Client, issue: Issue, globex: Firm, who: str, request: pytest.FixtureRequest
) -> None:
    person: User = request.getfixturevalue(who)
    said = bob_client.post(at(issue, "assign/"), {"to": person.pk}, follow=True).content.decode()
    assert "no member of this firm who may decide issues" in said and "Nothing was changed" in said
    for odd in ("99999999", "x", "\x00"):
        bob_client.post(at(issue, "assign/"), {"to": odd})
    assert again(issue).assigned_to is None and acts(issue) == []


def test_whoever_leaves_the_firm_has_none_of_its_issues(acme: Firm, bob: User, issue: Issue) -> None:
    Issue.objects.of(acme).update(assigned_to=bob)
    remove(acme, bob)
    assert again(issue).assigned_to is None


# E-mails


def told(bob: User) -> list[str]:
    notices.deliver(CLOCK)
    return [str(letter.subject) for letter in mail.outbox if bob.email in letter.to]


def test_an_e_mail_goes_only_to_who_wants_it_and_counts_what_waits(
    alice_client: Client, bob_client: Client, bob: User, issue: Issue, pairing: Pairing
) -> None:
    other = issue_of(pairing, code="rejected", practice_id="2", title="Bill of Ann Lee")
    alice_client.post(at(other, "assign/"), {"to": bob.pk})
    assert told(bob) == [] and not Notice.objects.of(pairing.firm).exists()
    bob_client.post("/f/acme/emails/", {"assigned": "yes"})
    assert (
        "issues that are given to you"
        in bob_client.post("/f/acme/emails/", {"assigned": "yes"}, follow=True).content.decode()
    )
    alice_client.post(at(issue, "assign/"), {"to": bob.pk})
    alice_client.post(at(other, "assign/"), {"to": ""})
    alice_client.post(at(other, "assign/"), {"to": bob.pk})
    assert told(bob) == ["Acme Law: 2 issues are yours to see to"]
    assert "Ann Lee" not in str(mail.outbox[0].body) and "/f/acme/issues/?whose=mine" in str(mail.outbox[0].body)


def test_what_a_person_takes_is_not_told_and_neither_is_what_was_let_go_before_it_was_sent(
    alice_client: Client, bob_client: Client, bob: User, issue: Issue, acme: Firm
) -> None:
    made(NoticeChoice, acme, user=bob, assigned=True)
    bob_client.post(at(issue, "assign/"), {"to": bob.pk})
    assert not Notice.objects.of(acme).exists()
    bob_client.post(at(issue, "assign/"), {"to": ""})
    alice_client.post(at(issue, "assign/"), {"to": bob.pk})
    alice_client.post(at(issue, "assign/"), {"to": ""})
    assert told(bob) == []


# Taking back


def test_a_decision_is_taken_back_until_a_sync_carries_it_out(bob_client: Client, portal: Portal) -> None:
    portal.bill("100.00", number="701")
    portal.run()
    (invoice,) = portal.quickbooks.all("Invoice")
    portal.quickbooks.renumber_invoice(invoice["Id"], "by hand")
    portal.run()
    drift = portal.issue("drift")
    bob_client.post(at(drift), {"action": "restore", "note": "ours is right"})
    assert "Take it back" in page(bob_client, at(drift))
    bob_client.post(at(drift, "take-back/"))
    assert (again(drift).state, drift.action, drift.note, drift.decided_by, drift.decided_at) == (
        "open",
        "",
        "",
        None,
        None,
    )
    portal.run()
    assert portal.quickbooks.all("Invoice")[0]["DocNumber"] == "by hand", "nothing was carried out"
    bob_client.post(at(drift), {"action": "restore"})
    portal.run()
    assert portal.quickbooks.all("Invoice")[0]["DocNumber"] == "701"
    late = bob_client.post(at(drift, "take-back/"), follow=True).content.decode()
    assert "nothing to take back" in late and again(drift).state == "closed"
    assert [said for _, _, said in acts(drift)] == [
        "Restore ours: ours is right",
        "Taken back: Restore ours",
        "Restore ours",
    ]


def test_while_a_sync_is_under_way_nothing_is_taken_back(bob_client: Client, issue: Issue, pairing: Pairing) -> None:
    bob_client.post(at(issue), {"action": "restore"})
    run = run_of(pairing)
    assert "A sync is under way" in page(bob_client, at(issue))
    assert "A sync is under way" in bob_client.post(at(issue, "take-back/"), follow=True).content.decode()
    assert again(issue).state == "decided"
    run.state, run.outcome, run.finished_at = "finished", "issues", NOW
    run.save()
    bob_client.post(at(issue, "take-back/"))
    assert again(issue).state == "open", "the run did not carry it out"


def test_what_was_accepted_before_is_accepted_again(bob_client: Client, alice: User, issue: Issue) -> None:
    resolving.resolve(issue, "accept_theirs", alice, CLOCK, note="agreed")
    Issue.objects.of(issue.firm).update(state="accepted")
    accepted = again(issue).decided_at
    for action in ("restore", "unlink"):
        bob_client.post(at(issue), {"action": action})
    bob_client.post(at(issue, "take-back/"))
    known = again(issue)
    assert (known.state, known.action, known.note, known.decided_by) == ("accepted", "accept_theirs", "agreed", alice)
    assert known.decided_at == accepted


def test_trying_again_is_taken_back_before_the_next_sync_only(bob_client: Client, pairing: Pairing) -> None:
    run = run_of(pairing, state="finished", outcome="issues", finished_at=NOW)
    refused = dispatch_of(run, state="refused")
    issue = issue_of(pairing, code="rejected")
    bob_client.post(at(issue), {"action": "retry"})
    assert again(issue).state == "closed" and Dispatch.objects.of(pairing.firm).get().plan == {"again": True}
    bob_client.post(at(issue, "take-back/"))
    refused.refresh_from_db()
    assert (again(issue).state, issue.closed_at, refused.plan) == ("open", None, {})
    bob_client.post(at(issue), {"action": "retry"})
    run_of(pairing, state="finished", outcome="issues", started_at=CLOCK.now(), finished_at=CLOCK.now())
    assert "A sync has carried it out" in bob_client.post(at(issue, "take-back/"), follow=True).content.decode()
    assert again(issue).state == "closed"


def test_that_somebody_has_looked_is_taken_back(bob_client: Client, pairing: Pairing) -> None:
    issue = issue_of(pairing, code="duplicate_warning_off", kind="", practice_id="")
    bob_client.post(at(issue), {"action": "confirm"})
    pairing.refresh_from_db()
    assert pairing.bill_warning_confirmed_at
    bob_client.post(at(issue, "take-back/"))
    pairing.refresh_from_db()
    assert (again(issue).state, pairing.bill_warning_confirmed_at) == ("open", None)


def test_what_was_to_count_always_is_taken_back_with_the_decision(bob_client: Client, pairing: Pairing) -> None:
    fields = {name: {"clio": "a", "quickbooks": "b"} for name in ("family_name", "phone")}
    issue = issue_of(pairing, code="contact_conflict", kind="contact", details={"fields": fields})
    Pairing.objects.of(pairing.firm).update(contact_preferences={"email": "clio", "family_name": "clio"})
    sent = {"action": "merge", "pick-family_name": "quickbooks", "always": "yes"}
    bob_client.post(at(issue), sent)
    bob_client.post(at(issue), {"action": "use_clio", "always": "yes"})
    pairing.refresh_from_db()
    known = pairing.contact_preferences
    assert (known["all"], known["family_name"]) == ("clio", "quickbooks")
    bob_client.post(at(issue, "take-back/"))
    pairing.refresh_from_db()
    assert "all" not in pairing.contact_preferences and pairing.contact_preferences["family_name"] == "clio"


def test_a_decision_from_before_decisions_could_be_taken_back_leaves_an_open_issue(acme: Firm, issue: Issue) -> None:
    Issue.objects.of(acme).update(state="decided", action="restore", before={})
    takebacks.take_back(again(issue), None, CLOCK)
    assert (again(issue).state, issue.action) == ("open", "")


# Several at once


def select(client: Client, *issues: Issue, back: str = "") -> str:
    ids = "&".join(f"id={issue.pk}" for issue in issues)
    return page(client, f"{LIST}selected/?{ids}&back={back}")


def seen(shown: str) -> list[str]:
    return re.findall(r'name="seen" value="([^"]+)"', shown)


def offered(shown: str) -> set[str]:
    return set(re.findall(r'name="action" value="(\w+)"', shown)) - {"assign"}


def test_what_all_that_were_picked_share_is_asked_and_then_done_for_just_those(
    bob_client: Client, issue: Issue, pairing: Pairing
) -> None:
    second, third = (issue_of(pairing, practice_id=id, title=f"Bill {id}") for id in ("2", "3"))
    shown = select(bob_client, issue, second)
    for said in ("2 issues", "Decide about all 2", "Bill 1042", "Bill 2", "Cancel", "Until the next sync"):
        assert said in shown, said
    assert "Bill 3<" not in shown
    assert offered(shown) == {"restore", "accept_theirs", "unlink", "ignore"}
    assert {again(one).state for one in (issue, second)} == {"open"}, "asking changes nothing"
    answer = bob_client.post(
        f"{LIST}selected/", {"seen": seen(shown), "action": "ignore", "note": "agreed", "back": "code=drift"}
    )
    assert answer["Location"] == f"{LIST}?code=drift"
    assert "done for 2 issues" in page(bob_client, LIST)
    assert [again(one).state for one in (issue, second, third)] == ["accepted", "accepted", "open"]
    assert acts(issue) == [("Bob", "decided", "Accept and leave out: agreed")] * 2


def test_only_what_every_one_of_them_may_take_is_offered(bob_client: Client, issue: Issue, pairing: Pairing) -> None:
    others = {
        "probable_match": {"ignore"},  # linking takes a choice of its own
        "contact_conflict": {"ignore"},
        "numbering_setting_off": set(),
        "run_held": set(),
    }
    for name, shared in others.items():
        other = issue_of(pairing, code=name, practice_id="9")
        shown = select(bob_client, issue, other)
        assert offered(shown) == shared, name
        assert ("Nothing can be decided about all of these at once" in shown) is not shared, name
    alone = select(bob_client, Issue.objects.of(pairing.firm).get(code="contact_conflict"))
    assert offered(alone) == {"use_clio", "use_quickbooks", "ignore"}


def test_what_changed_since_it_was_shown_is_left_and_told(bob_client: Client, issue: Issue, pairing: Pairing) -> None:
    second = issue_of(pairing, practice_id="2", title="Bill 2")
    shown = select(bob_client, issue, second)
    Issue.objects.of(pairing.firm).filter(pk=issue.pk).update(message="Changed once more in QuickBooks")
    sent = {"seen": seen(shown), "action": "restore"}
    said = bob_client.post(f"{LIST}selected/", sent, follow=True).content.decode()
    assert "done for 1 issue." in said and "1 issue left as before. Bill 1042: It has changed" in said
    assert [again(one).state for one in (issue, second)] == ["open", "decided"]
    bob_client.post(f"{LIST}selected/", sent)
    assert len(acts(issue)) == 1, "sent twice, decided once"


@pytest.mark.parametrize("action", ["link", "merge", "apply", "nonsense", ""])
def test_what_takes_a_choice_of_its_own_is_never_done_to_several(bob_client: Client, issue: Issue, action: str) -> None:
    shown = select(bob_client, issue)
    said = bob_client.post(f"{LIST}selected/", {"seen": seen(shown), "action": action}, follow=True).content.decode()
    assert "1 issue left as before" in said
    assert again(issue).state == "open" and acts(issue) == []


def test_decisions_are_taken_back_together(bob_client: Client, issue: Issue, pairing: Pairing) -> None:
    second = issue_of(pairing, practice_id="2")
    for one in (issue, second):
        bob_client.post(at(one), {"action": "restore"})
    shown = select(bob_client, issue, second)
    assert "take_back" in offered(shown)
    bob_client.post(f"{LIST}selected/", {"seen": seen(shown), "action": "take_back"})
    assert {again(one).state for one in (issue, second)} == {"open"}


def test_several_are_given_to_somebody(bob_client: Client, alice: User, issue: Issue, pairing: Pairing) -> None:
    second = issue_of(pairing, practice_id="2")
    shown = select(bob_client, issue, second)
    sent = {"seen": seen(shown), "action": "assign", "to": alice.pk}
    assert "2 issues are with Alice now" in bob_client.post(f"{LIST}selected/", sent, follow=True).content.decode()
    assert {again(one).assigned_to for one in (issue, second)} == {alice}


def test_nothing_picked_leads_back_to_the_list_it_was_picked_from(bob_client: Client, issue: Issue) -> None:
    answer = bob_client.get(f"{LIST}selected/?back=tab%3Daccepted")
    assert answer["Location"] == f"{LIST}?tab=accepted"
    for odd in ("id=x", "id=-1", "id=99999999999999999999", "id=424242"):
        assert bob_client.get(f"{LIST}selected/?{odd}").status_code == 302
    bob_client.post(f"{LIST}selected/", {"seen": ["x", "1", f"{issue.pk}:wrong"], "action": "ignore"})
    assert again(issue).state == "open"


# Who may


ACTS = ("note/", "assign/", "take-back/")


def test_a_viewer_sees_whose_it_is_and_can_do_nothing(vera_client: Client, issue: Issue, bob: User, acme: Firm) -> None:
    Issue.objects.of(acme).update(assigned_to=bob)
    shown = page(vera_client, at(issue)) + page(vera_client, LIST)
    assert "with <bdi>Bob</bdi>" in shown
    for control in ('name="id"', "Add the note", 'name="to"', "Take it", "Decide or assign"):
        assert control not in shown, control
    for act in ACTS:
        assert vera_client.post(at(issue, act), {"note": "x", "to": ""}).status_code == 403
    assert vera_client.get(f"{LIST}selected/?id={issue.pk}").status_code == 403
    assert vera_client.post(f"{LIST}selected/", {"seen": f"{issue.pk}:x", "action": "ignore"}).status_code == 403
    assert acts(issue) == [] and again(issue).assigned_to == bob


def test_issues_of_another_firm_are_out_of_reach(charlie_client: Client, issue: Issue) -> None:
    theirs = at(issue).replace("/acme/", "/globex/")
    for act in ACTS:
        assert charlie_client.post(f"{theirs}{act}", {"note": "x"}).status_code == 404
    assert charlie_client.get(f"/f/globex/issues/selected/?id={issue.pk}").status_code == 302
    charlie_client.post("/f/globex/issues/selected/", {"seen": f"{issue.pk}:x", "action": "assign", "to": ""})
    assert acts(issue) == [] and again(issue).state == "open"


def test_the_pages_cost_the_same_however_many_issues_and_acts_there_are(
    bob_client: Client, bob: User, pairing: Pairing, django_assert_max_num_queries
) -> None:
    many = [issue_of(pairing, practice_id=str(n), assigned_to=bob if n % 2 else None) for n in range(30)]
    for n in range(20):
        bob_client.post(at(many[0], "note/"), {"note": f"note {n}"})
        Issue.objects.of(pairing.firm).filter(pk=many[n].pk).update(state="decided", decided_at=NOW + timedelta(n))
    ids = "&".join(f"id={issue.pk}" for issue in many)
    for address in (LIST, at(many[0]), f"{LIST}selected/?{ids}"):
        with django_assert_max_num_queries(12):
            bob_client.get(address)
