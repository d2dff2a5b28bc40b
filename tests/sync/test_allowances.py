"""What runs short, and what happens then: metered reads of QuickBooks, authorisations that end, revoked apps."""

import pytest
import requests
from pytest_django import Settings

from integrations import notices
from integrations.budgets import RowShelf, standing_of
from integrations.core.errors import RemoteError
from integrations.models import Connection, Notice, OAuthToken
from integrations.systems.pace import Heard, heard
from integrations.tokens import provider_of_tokens
from tests.portal import Portal
from tests.sync.test_polling import DAY, HOUR, QUARTER, by_schedule

SHARE = 1000


@pytest.fixture(autouse=True)
def _a_small_share(settings: Settings) -> None:
    settings.METERED_READS_A_MONTH = SHARE


def use(portal: Portal, reads: int) -> None:
    """As if so many more metered reads had been made this month."""
    now = portal.clock.now().timestamp()
    shelf = RowShelf(portal.pairing.ledger)
    shelf.change(lambda standing: (heard(standing, "", Heard(True, metered=reads), now), None))


def begun(portal: Portal) -> None:
    """A first bill is posted, so that QuickBooks has been read once."""
    portal.bill("80.00", number="8")
    assert portal.run().outcome == "in_sync"


def numbers(portal: Portal) -> list[str]:
    return sorted(invoice["DocNumber"] for invoice in portal.quickbooks.all("Invoice"))


# Metered reads


def test_every_answered_read_is_counted_as_intuit_counts_it(portal: Portal) -> None:
    before = standing_of(portal.pairing.ledger).metered, portal.world.quickbooks.metered
    begun(portal)
    after = standing_of(portal.pairing.ledger).metered, portal.world.quickbooks.metered
    assert after[0] - before[0] == after[1] - before[1] > 0


def test_above_the_soft_mark_it_is_said_and_nothing_else_changes(portal: Portal) -> None:
    begun(portal)
    use(portal, 600)
    portal.bill("90.00", number="9")
    assert "cdc" in by_schedule(portal)
    assert portal.codes() == ["reads_low"]
    assert "of this firm's 1,000 metered reads of QuickBooks are used this month" in portal.issue("reads_low").message


def test_above_the_hard_mark_bills_are_posted_without_reading_quickbooks(portal: Portal) -> None:
    begun(portal)
    use(portal, 800)
    portal.bill("90.00", number="9")
    assert by_schedule(portal) == []
    assert numbers(portal) == ["8", "9"]
    assert portal.codes() == ["reads_wait"]
    assert "posted as ever" in portal.issue("reads_wait").message


def test_above_the_hard_mark_quickbooks_is_still_read_once_a_day(portal: Portal) -> None:
    begun(portal)
    use(portal, 800)
    assert by_schedule(portal, 3 * HOUR) == []
    assert "cdc" in by_schedule(portal, DAY)


def test_a_person_who_starts_a_sync_gets_a_whole_one(portal: Portal) -> None:
    begun(portal)
    use(portal, 900)
    portal.clock.sleep(QUARTER)
    before = portal.reads("quickbooks")
    portal.run()
    assert portal.reads("quickbooks") > before


def test_the_count_begins_anew_each_month_and_the_issue_goes(portal: Portal) -> None:
    begun(portal)
    use(portal, 800)
    by_schedule(portal)
    assert portal.codes() == ["reads_wait"]
    assert by_schedule(portal, 32 * DAY) != []
    assert portal.codes() == []


def test_the_share_of_a_firm_is_the_quota_divided_by_the_companies(portal: Portal, settings: Settings) -> None:
    settings.METERED_READS_A_MONTH = 10**9
    begun(portal)
    use(portal, SHARE)
    assert "cdc" in by_schedule(portal, 3 * HOUR)
    assert portal.codes() == []


def test_where_intuit_says_that_the_quota_is_used_up_bills_are_posted_all_the_same(portal: Portal) -> None:
    """Another app of the same workspace may have used it: our own count is low."""
    begun(portal)
    portal.world.store.set_setting("qbo:limit:metered_month", 1)
    portal.bill("90.00", number="9")
    assert by_schedule(portal) == ["cdc"] * 3, "it is asked, and lets nobody read"
    assert numbers(portal) == ["8", "9"]


# An authorisation that ends


def kept_alive_until(portal: Portal, days_left: int) -> None:
    """Time passes, and the tokens are renewed often enough, until so many days before the end."""
    row = OAuthToken.objects.of(portal.firm).get(connection__system="quickbooks")
    assert row.ends_at
    target = row.ends_at.timestamp() - days_left * DAY
    while (left := target - portal.clock.now().timestamp()) > 0:
        portal.clock.sleep(min(left, 90 * DAY))
        provider_of_tokens(portal.pairing.ledger, portal.clock, portal.session)(False)


def test_the_end_of_an_authorisation_is_announced_sixty_thirty_and_seven_days_before(portal: Portal) -> None:
    begun(portal)
    kept_alive_until(portal, 61)
    portal.run()
    assert portal.codes() == []
    for left, said in ((59, "within 60 days"), (29, "within 30 days"), (6, "within 7 days")):
        kept_alive_until(portal, left)
        portal.run()
        issue = portal.issue("reconnect_soon")
        assert (issue.severity, said in issue.message, "QuickBooks ends" in issue.message) == ("warning", True, True)
        notices.write(portal.clock)
        notices.write(portal.clock)
    told = Notice.objects.of(portal.firm).filter(issue__code="reconnect_soon")
    assert told.count() == 3, "an e-mail to the owner at each stage"


def test_after_the_end_nothing_is_written_and_a_person_has_to_reconnect(portal: Portal) -> None:
    begun(portal)
    kept_alive_until(portal, 1)
    portal.bill("90.00", number="9")
    portal.clock.sleep(2 * DAY)
    before = len(portal.log)
    assert portal.run().outcome == "failed"
    assert portal.run().outcome == "failed"
    assert [path for method, path, _ in portal.log[before:] if "/v3/" in path] == []
    assert sum("tokens/bearer" in path for _, path, _ in portal.log[before:]) == 1
    assert "reconnect" in portal.codes()
    notices.write(portal.clock)
    assert Notice.objects.of(portal.firm).filter(issue__code="reconnect").count() == 1
    assert Connection.objects.of(portal.firm).get(system="quickbooks").state == "reconnect"


# A revoked app


@pytest.mark.parametrize("point", [1, 2, 4, 6])
def test_after_an_app_was_revoked_quickbooks_is_asked_once_more_and_never_again(portal: Portal, point: int) -> None:
    begun(portal)
    portal.bill("90.00", number="9")
    left = [point]

    def revoke(request: requests.PreparedRequest) -> None:
        left[0] -= "/v3/" in str(request.url)
        if left[0] == 0:
            portal.quickbooks.disconnect_apps()

    portal.wire.before.append(revoke)
    before = len(portal.log)
    outcomes = [portal.run().outcome for _ in range(3)]
    calls = [path for _, path, _ in portal.log[before:] if "/v3/" in path or "tokens/bearer" in path]
    after = calls[point - 1 :]
    assert outcomes == ["failed"] * 3
    assert len(after) == 2, "the call that was refused, and one about the token"
    assert portal.codes() == ["reconnect"]


def test_what_was_not_posted_when_it_was_revoked_is_posted_once_it_is_connected_again(portal: Portal) -> None:
    begun(portal)
    portal.bill("90.00", number="9")
    portal.quickbooks.disconnect_apps()
    portal.run()
    with pytest.raises(RemoteError):
        provider_of_tokens(portal.pairing.ledger, portal.clock, portal.session)(False)
    portal.reconnect("quickbooks")
    assert portal.run().outcome == "in_sync"
    assert numbers(portal) == ["8", "9"]
    assert portal.codes() == []
