"""What both addresses have in common: how much is read, what it costs, and that nothing breaks them."""

import itertools
import json
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.models import Connection, Delivery, Pairing, StaleMark, Subscription
from tests.hooks.bodies import base64_signature, clio_body, cloud_event, hex_signature, older_entity, older_form
from tests.hooks.conftest import REALMS
from tests.hooks.posts import QUICKBOOKS, address, marks, post, post_clio, post_intuit

ACME = REALMS["acme"]
LONGEST = 256 * 1024
WRITES = ("INSERT", "UPDATE", "DELETE")


@pytest.mark.parametrize(("size", "status"), [(LONGEST, 200), (LONGEST + 1, 413), (3_000_000, 413)])
def test_256_kb_are_read_and_not_a_byte_more(size: int, status: int, bills: Subscription) -> None:
    body = clio_body(1).ljust(size)
    assert post_clio(bills, body).status_code == status
    assert post_intuit(json.dumps([]).encode().ljust(size)).status_code == status
    assert Delivery.objects.count() == (2 if status == 200 else 0)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_only_posts_are_taken(method: str, bills: Subscription) -> None:
    for path in (address(bills), QUICKBOOKS):
        assert getattr(Client(), method)(path).status_code == 405


def test_a_forged_post_costs_one_read_and_no_write(bills: Subscription) -> None:
    path, body = address(bills), clio_body()
    with CaptureQueriesContext(database) as clio:
        assert post(path, body, {"X-Hook-Signature": "0" * 64}).status_code == 401
    with CaptureQueriesContext(database) as intuit:
        assert post_intuit([cloud_event(ACME)], "x").status_code == 401
    assert (len(clio), len(intuit)) == (1, 0)


def test_a_post_costs_few_statements_and_one_that_was_here_before_no_more_than_looking(bills: Subscription) -> None:
    post_clio(bills, clio_body(1))
    post_intuit([cloud_event(ACME, id_="1")])
    second, again = clio_body(2), [cloud_event(ACME, id_="2"), cloud_event(ACME, id_="3")]
    costs = {}
    for name, act in {
        "clio": lambda: post_clio(bills, second),
        "clio again": lambda: post_clio(bills, second),
        "intuit": lambda: post_intuit(again),
        "intuit again": lambda: post_intuit(again),
    }.items():
        with CaptureQueriesContext(database) as queries:
            assert act().status_code == 200
        said = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
        costs[name] = len(said)
        if name.endswith("again"):
            assert [sql.split()[0] for sql in said if sql.split()[0] in WRITES] == ["INSERT"]
    assert costs == {"clio": 5, "clio again": 3, "intuit": 4, "intuit again": 2}


events = [
    ("clio", clio_body(7, "created")),
    ("clio", clio_body(7, "updated", state="paid")),
    ("intuit", [cloud_event(ACME, "invoice", "70", "created")]),
    (
        "intuit",
        {"eventNotifications": [older_form(ACME, older_entity("Invoice", "70"), older_entity("Payment", "71"))]},
    ),
]


def test_f27_in_whatever_order_they_come_the_same_is_read_again(bills: Subscription, pairing: Pairing) -> None:
    """All 24 orders, each with its first post once more at the end."""
    outcomes = set()
    for order in itertools.permutations(events):
        for model in (Delivery, StaleMark):
            model._base_manager.all().delete()
        for system, said in (*order, order[0]):
            assert (post_clio(bills, said) if system == "clio" else post_intuit(said)).status_code == 200
        outcomes.add((tuple(marks(pairing.firm)), Delivery.objects.count()))
    read_again = (("ledger", "Invoice", "70"), ("ledger", "Payment", "71"), ("practice", "bills", "7"))
    assert outcomes == {(read_again, 4)}


scraps = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
NAMES = ("data", "id", "meta", "eventNotifications", "realmId", "dataChangeEvent", "entities", "name", "type",
         "intuitaccountid", "intuitentityid", "deletedid", "deletedID")  # fmt: skip
near_misses = st.recursive(
    scraps | st.sampled_from([ACME, "1", "qbo.invoice.updated.v1", "Invoice"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
bodies = st.binary(max_size=200) | near_misses.map(lambda value: json.dumps(value).encode())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=bodies, is_signed=st.booleans(), where=st.sampled_from(["clio", "intuit"]))
def test_f31_no_body_breaks_the_door(body: bytes, is_signed: bool, where: str, bills: Subscription) -> None:
    before = Delivery.objects.count()
    signature = hex_signature(body) if where == "clio" else base64_signature(body)
    sent = signature if is_signed else signature.swapcase()
    answer = post_clio(bills, body, sent) if where == "clio" else post_intuit(body, sent)
    assert answer.status_code == (200 if is_signed else 401)
    assert Delivery.objects.count() - before in ((0, 1) if is_signed else (0,))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_f33_a_known_shape_with_anything_in_any_place_is_answered(data: st.DataObject, pairing: Pairing) -> None:
    said = data.draw(
        st.sampled_from([[cloud_event(ACME)], {"eventNotifications": [older_form(ACME, older_entity("Invoice", "1"))]}])
    )
    assert post_intuit(_spoilt(said, data)).status_code == 200


def _spoilt(value: Any, data: st.DataObject) -> Any:
    """A copy in which any member may be something else."""
    if data.draw(st.integers(0, 5)) == 0:
        return data.draw(scraps)
    if isinstance(value, dict):
        return {name: _spoilt(item, data) for name, item in value.items()}
    return [_spoilt(item, data) for item in value] if isinstance(value, list) else value


def test_connections_say_that_they_were_heard_of_once_a_minute(bills: Subscription, pairing: Pairing) -> None:
    for number in range(5):
        post_clio(bills, clio_body(number))
        post_intuit([cloud_event(ACME, id_=str(number))])
    heard = Connection.objects.of(pairing.firm).values_list("heard_at", flat=True)
    first = {delivery.system: delivery.received_at for delivery in Delivery.objects.order_by("-id")}
    assert set(heard) == set(first.values())
    assert post(QUICKBOOKS, b"", {}).status_code == 401
