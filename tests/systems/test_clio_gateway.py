"""Clio is read page by page, and only contacts are ever written."""

from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlencode

import pytest

from integrations.core import errors
from integrations.sandbox.http import Request, Response
from integrations.systems.clio.gateway import ClioGateway
from integrations.systems.clio.lists import LISTS
from integrations.systems.factory import clio_gateway
from tests.systems.fakes import ROOT, FakeClock, Remote, Tokens, answer


def gateway(remote: Remote, root: str = ROOT) -> ClioGateway:
    return clio_gateway(root=root, token=Tokens(), clock=FakeClock(), session=remote.session())


def page(*ids: int, following: str = "") -> Response:
    paging = {"next": following} if following else {}
    return answer({"data": [{"id": id_, "total": Decimal("0.10")} for id_ in ids], "meta": {"paging": paging}})


def read(remote: Remote, entity: str = "bills", **kwargs: object) -> list[object]:
    return [row["id"] for found in gateway(remote).pages(entity, **kwargs) for row in found.rows]  # type: ignore[arg-type]


def test_pages_are_followed_as_clio_gives_them() -> None:
    following = f"{ROOT}/api/v4/bills.json?" + urlencode({"page_token": "BAhp+/=", "fields": "id,client{id}"})
    remote = Remote(page(1, 2, following=following), page(3))
    assert read(remote) == [1, 2, 3]
    assert remote.seen[1].query == (("page_token", "BAhp+/="), ("fields", "id,client{id}"))
    assert all(request.headers["x-api-version"] == "4.0.13" for request in remote.seen)


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.test/api/v4/bills.json?page_token=x",
        "http://vendor.test/api/v4/bills.json?page_token=x",
        "https://vendor.test:8443/api/v4/bills.json?page_token=x",
        "https://vendor.test/elsewhere?page_token=x",
        "//evil.test/api/v4/bills.json",
    ],
)
def test_a_next_page_elsewhere_gets_no_token_and_the_list_is_incomplete(following: str) -> None:
    remote = Remote(page(1, following=following), page(2))
    with pytest.raises(errors.RemoteError):
        read(remote)
    assert len(remote.seen) == 1


def test_pages_that_go_round_in_a_circle_end_in_an_error() -> None:
    remote = Remote(page(1, following=f"{ROOT}/api/v4/bills.json?page_token=x"))
    with pytest.raises(errors.Garbled):
        read(remote)
    assert len(remote.seen) == 2


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}}, {"data": [1]}, []])
def test_an_answer_without_a_list_is_not_an_empty_list(body: object) -> None:
    with pytest.raises(errors.Garbled):
        read(Remote(answer(body)))


def test_a_page_that_fails_makes_the_list_incomplete() -> None:
    following = f"{ROOT}/api/v4/bills.json?page_token=x"
    remote = Remote(page(1, following=following), Response(500, b"{}"))
    seen: list[object] = []

    def read() -> None:
        for found in gateway(remote).pages("bills"):
            seen.extend(found.rows)

    with pytest.raises(errors.Garbled):
        read()
    assert len(seen) == 1


def test_amounts_are_exact_and_the_page_carries_clios_time() -> None:
    stamped = answer({"data": [{"id": 1, "total": Decimal("0.10")}]}, Date="Tue, 24 Nov 2026 09:30:00 GMT")
    (found,) = gateway(Remote(stamped)).pages("bills")
    assert found.rows == ({"id": 1, "total": Decimal("0.1")},)
    assert found.as_of == datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_what_is_asked_of_clio() -> None:
    remote = Remote(page())
    since = datetime(2026, 11, 1, 8, tzinfo=UTC)
    read(remote, since=since, filters={"type": "revenue"})
    assert dict(remote.seen[0].query) == {
        "fields": LISTS["bills"].fields,
        "limit": "200",
        "order": "id(asc)",
        "updated_since": "2026-11-01T08:00:00+00:00",
        "type": "revenue",
    }


@pytest.mark.parametrize("entity", ["line_items", "interest_charges"])
def test_lists_without_an_order_are_not_asked_for_one(entity: str) -> None:
    remote = Remote(page())
    read(remote, entity)
    assert "order" not in dict(remote.seen[0].query)


def test_the_lines_a_bill_shows_can_be_asked_for() -> None:
    remote = Remote(page())
    read(remote, "line_items", filters={"display": "true", "bill_id": "7"})
    assert remote.seen[0].param("display") == "true"
    assert remote.seen[0].param("bill_id") == "7"


def test_ids_are_asked_for_by_the_hundred_and_once_each() -> None:
    remote = Remote(page(1))
    read(remote, ids=[str(n) for n in range(1, 251)] + ["1"])
    assert [len(request.params("ids[]")) for request in remote.seen] == [100, 100, 50]


@pytest.mark.parametrize(
    ("entity", "kwargs"),
    [
        ("payments", {}),
        ("bills", {"ids": ["1; drop"]}),
        ("expense_categories", {"ids": ["1"]}),
        ("bills", {"since": datetime(2026, 1, 1)}),
        ("bills", {"filters": {"fields": "id"}}),
        ("bills", {"filters": {"ids[]": "1"}}),
    ],
)
def test_what_clio_does_not_know_is_never_sent(entity: str, kwargs: dict[str, object]) -> None:
    remote = Remote(page())
    with pytest.raises(ValueError):
        read(remote, entity, **kwargs)
    assert remote.seen == []


def who(request: Request) -> Response:
    if "who_am_i" in request.path:
        return answer({"data": {"id": 5, "name": "Ann", "account": {"id": 77, "name": "Lee & Partners"}}})
    return answer({"data": {"id": 1, "currency": "USD"}})


def test_a_connection_speaks_for_an_account() -> None:
    found = gateway(Remote(who)).identity()
    assert (found.external_account_id, found.name, found.currency, found.region) == (
        "77",
        "Lee & Partners",
        "USD",
        "us",
    )


def test_an_account_is_known_even_where_its_settings_are_not_for_us() -> None:
    def hidden(request: Request) -> Response:
        return who(request) if "who" in request.path else answer({"error": {"type": "ForbiddenError"}}, 403)

    assert gateway(Remote(hidden)).identity().currency == ""


@pytest.mark.parametrize("body", [{"data": {"id": 5}}, {"data": {"id": 5, "account": {}}}, {"data": []}])
def test_a_user_without_an_account_is_nobody(body: object) -> None:
    with pytest.raises(errors.Garbled):
        gateway(Remote(answer(body))).identity()


def test_a_contact_is_written_only_as_it_was_read() -> None:
    remote = Remote(answer({"data": {"id": 9, "etag": '"new"'}}))
    written = gateway(remote).update_contact("9", '"old"', {"first_name": "Zoë"})
    (request,) = remote.seen
    assert (request.method, request.path) == ("PATCH", "/api/v4/contacts/9.json")
    assert request.headers["if-match"] == '"old"'
    assert request.json() == {"data": {"first_name": "Zoë"}}
    assert written["etag"] == '"new"'


def test_a_contact_that_moved_is_stale_and_not_written_again() -> None:
    remote = Remote(answer({"error": {"type": "PreconditionFailed", "message": "changed"}}, 412))
    with pytest.raises(errors.Stale):
        gateway(remote).update_contact("9", '"old"', {"first_name": "Zoë"})
    assert len(remote.seen) == 1


@pytest.mark.parametrize(("contact_id", "etag"), [("", "x"), ("9/../8", "x"), ("9", "")])
def test_a_contact_is_never_written_without_id_and_etag(contact_id: str, etag: str) -> None:
    remote = Remote(page())
    with pytest.raises(ValueError):
        gateway(remote).update_contact(contact_id, etag, {})
    assert remote.seen == []


def test_no_method_of_the_gateway_creates_anything() -> None:
    public = {name for name in dir(ClioGateway) if not name.startswith("_")}
    assert public == {"identity", "name", "pages", "update_contact"}


def test_no_list_asks_for_braces_within_braces() -> None:
    for table in LISTS.values():
        depth = 0
        for char in table.fields:
            depth += {"{": 1, "}": -1}.get(char, 0)
            assert 0 <= depth <= 1
