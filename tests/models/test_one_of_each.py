"""What there can only be one of: live connections, links, unfinished runs, open issues."""

from functools import partial

import pytest
from django.db import transaction

from firms.models import Firm
from integrations.models import Connection, Delivery, EntityLink, Issue, Pairing, StaleMark, Subscription
from tests.models.refusals import refused
from tests.models.rows import (
    NOW,
    batch_of,
    connection_of,
    dispatch_of,
    issue_of,
    link_of,
    made,
    pairing_of,
    run_of,
    subscription_of,
    token_of,
)


def test_an_account_has_one_live_connection_across_all_firms(acme: Firm, globex: Firm) -> None:
    mine = connection_of(acme, "quickbooks", external_account_id="realm")
    for state in ("connected", "reconnect"):
        Connection.objects.of(acme).update(state=state)
        again = refused(lambda: connection_of(globex, "quickbooks", external_account_id="realm"))
        assert again == "one_live_connection_per_account"
    Connection.objects.of(acme).filter(pk=mine.pk).update(state="disconnected")
    connection_of(globex, "quickbooks", external_account_id="realm")
    revived = Connection.objects.of(acme).filter(pk=mine.pk)
    assert refused(lambda: revived.update(state="connected")) == "one_live_connection_per_account"


def test_accounts_of_two_regions_may_have_the_same_number(acme: Firm, globex: Firm) -> None:
    connection_of(acme, region="us", external_account_id="1001")
    connection_of(globex, region="eu", external_account_id="1001")


def test_a_firm_has_one_live_connection_to_each_system(acme: Firm) -> None:
    connection_of(acme, external_account_id="1")
    assert refused(lambda: connection_of(acme, external_account_id="2")) == "one_live_connection_per_system"


def test_a_connection_has_one_token_and_it_never_grows_younger(acme: Firm) -> None:
    token = token_of(connection_of(acme), generation=3)
    assert refused(lambda: token_of(token.connection)) == "integrations_oauthtoken_connection_id_key"
    token.generation = 2
    assert "may only be renewed" in refused(token.save)
    token.generation = 4
    token.save()


def test_a_firm_has_one_live_pairing(acme: Firm) -> None:
    pairing = pairing_of(acme)
    again = {"practice": pairing.practice, "ledger": pairing.ledger}
    assert refused(lambda: made(Pairing, acme, **again)) == "one_live_pairing_per_firm"
    made(Pairing, acme, **again, archived_at=NOW)


@pytest.mark.parametrize("state", ["live", "voided"])
def test_a_leg_of_a_clio_object_has_one_document(acme: Firm, state: str) -> None:
    pairing = pairing_of(acme)
    link_of(pairing, practice_id="1", ledger_id="101", state=state)
    assert refused(lambda: link_of(pairing, practice_id="1", ledger_id="102")) == "one_link_per_leg"
    link_of(pairing, practice_id="1", leg="interest", ledger_id="102")
    link_of(pairing, practice_id="1", kind="payment", ledger_id="101")


@pytest.mark.parametrize("state", ["live", "voided"])
def test_a_document_stands_for_one_clio_object(acme: Firm, state: str) -> None:
    pairing = pairing_of(acme)
    link_of(pairing, practice_id="1", ledger_id="101", state=state)
    assert refused(lambda: link_of(pairing, practice_id="2", ledger_id="101")) == "one_link_per_document"


def test_an_unlinked_pair_is_kept_and_stands_in_nobodys_way(acme: Firm) -> None:
    pairing = pairing_of(acme)
    link_of(pairing, state="unlinked")
    link_of(pairing, state="unlinked")
    link_of(pairing)
    assert EntityLink.objects.of(acme).count() == 3
    gone = EntityLink.objects.of(acme).filter(state="unlinked")
    assert refused(lambda: gone.update(state="live")) in ("one_link_per_leg", "one_link_per_document")


def test_a_pairing_has_one_unfinished_run(acme: Firm) -> None:
    pairing = pairing_of(acme)
    run = run_of(pairing)
    for state in ("reading", "applying", "held"):
        assert refused(partial(run_of, pairing, state=state)) == "one_unfinished_run_per_pairing"
    run.state, run.outcome, run.finished_at = "finished", "in_sync", NOW
    run.save()
    run_of(pairing)


def test_a_finished_run_says_how_it_ended(acme: Firm) -> None:
    run = run_of(pairing_of(acme))
    run.state = "finished"
    assert refused(run.save) == "a_finished_run_says_how_it_ended"
    run.finished_at = NOW
    assert refused(run.save) == "a_finished_run_says_how_it_ended"


def test_a_write_has_one_dispatch_per_request_id(acme: Firm) -> None:
    run = run_of(pairing_of(acme))
    dispatch_of(run)
    assert refused(lambda: dispatch_of(run)) == "one_dispatch_per_request_id"


def test_a_batch_has_its_request_id_and_each_of_its_items_a_name_to_itself(acme: Firm) -> None:
    run = run_of(pairing_of(acme))
    batch = batch_of(run)
    assert refused(lambda: batch_of(run)) == "one_batch_per_request_id"
    dispatch_of(run, batch=batch, item="1")
    again = refused(lambda: dispatch_of(run, request_id="request-2", batch=batch, item="1"))
    assert again == "one_dispatch_per_item_of_a_batch"
    unnamed = partial(dispatch_of, run, request_id="request-3", batch=batch)
    unsent = partial(dispatch_of, run, request_id="request-3", item="2")
    assert refused(unnamed) == refused(unsent) == "an_item_of_a_batch_has_its_name"


@pytest.mark.parametrize("state", ["open", "decided", "accepted"])
def test_a_record_has_one_issue_per_code_until_it_is_closed(acme: Firm, state: str) -> None:
    pairing = pairing_of(acme)
    issue = issue_of(pairing, state=state)
    assert refused(lambda: issue_of(pairing)) == "one_open_issue_per_record_and_code"
    for other in ({"code": "rejected"}, {"practice_id": "2"}, {"kind": "payment"}, {"leg": "interest"}):
        issue_of(pairing, **other)
    Issue.objects.of(acme).filter(pk=issue.pk).update(state="closed")
    with transaction.atomic():
        issue_of(pairing)


def test_the_firm_as_a_whole_has_one_issue_per_code(acme: Firm) -> None:
    pairing = pairing_of(acme)
    issue_of(pairing, code="reconnect", kind="", practice_id="")
    again = refused(lambda: issue_of(pairing, code="reconnect", kind="", practice_id=""))
    assert again == "one_open_issue_per_record_and_code"


def test_a_connection_has_one_live_subscription_to_each_model(acme: Firm) -> None:
    connection = connection_of(acme)
    subscription_of(connection, token_digest="1")
    assert refused(lambda: subscription_of(connection, token_digest="2")) == "one_live_subscription_per_model"
    subscription_of(connection, token_digest="3", model="contact")
    Subscription.objects.of(acme).update(state="ended")
    subscription_of(connection, token_digest="4")


def test_a_webhook_is_kept_once_whoever_sent_it(acme: Firm) -> None:
    mine = subscription_of(connection_of(acme))
    values = {"body_sha256": "a" * 64, "size": 2, "received_at": NOW, "outcome": "nothing"}
    for sender in (None, mine):
        Delivery.objects.create(subscription=sender, **values)
        again = refused(lambda sender=sender: Delivery.objects.create(subscription=sender, **values))  # type: ignore[misc]
        assert again == "one_delivery_per_body"


def test_a_record_is_marked_once_on_each_side(acme: Firm) -> None:
    pairing = pairing_of(acme)
    mark = {"pairing": pairing, "entity": "Invoice", "external_id": "1", "since": NOW}
    made(StaleMark, acme, side="ledger", **mark)
    made(StaleMark, acme, side="practice", **mark)
    assert refused(lambda: made(StaleMark, acme, side="ledger", **mark)) == "one_mark_per_record"
