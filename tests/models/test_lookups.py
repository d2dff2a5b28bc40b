"""Filtering by many ids at once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from firms.models import Firm, User
from integrations.models import Record
from integrations.sync import mirror
from tests.portal import make_portal

pytestmark = pytest.mark.django_db


def test_among_finds_what_in_finds_and_sends_all_ids_as_one_parameter(acme: Firm, alice: User) -> None:
    portal = make_portal(acme, alice)
    mirror.keep_ledger(portal.pairing, "Customer", [{"Id": str(n), "DisplayName": f"No {n}"} for n in range(1, 301)])
    customers = Record.objects.of(acme).filter(entity="Customer")
    ids = {str(n) for n in range(100, 5000)}
    with CaptureQueriesContext(connection) as captured:
        found = {row.external_id for row in customers.filter(external_id__among=ids)}
    assert found == {row.external_id for row in customers.filter(external_id__in=ids)} and len(found) == 201
    assert "IN (" not in captured[0]["sql"]
    assert customers.exclude(external_id__among=ids).count() == 99


def test_among_none_are_none(acme: Firm, alice: User) -> None:
    portal = make_portal(acme, alice)
    mirror.keep_ledger(portal.pairing, "Customer", [{"Id": "1", "DisplayName": "Ann"}])
    customers = Record.objects.of(acme).filter(entity="Customer")
    assert not customers.filter(external_id__among=[]).exists()
    assert customers.exclude(external_id__among=()).count() == 1


def test_an_id_that_is_no_id_is_a_value_and_nothing_else(acme: Firm, alice: User) -> None:
    make_portal(acme, alice)
    odd = ["') OR 1=1 --", "{1,2}", '"', "%s", "1,2"]
    assert not Record.objects.of(acme).filter(external_id__among=odd).exists()
