"""Firms are closed to each other: the addresses, the manager and the database each say so."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, models, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from firms.access import FirmRequest, firm_view
from firms.membership import Refused, change_role, create_firm, remove
from firms.models import Firm, Membership, User
from firms.roles import PERMISSIONS, Permission, Role
from firms.scoping import FirmOwned, NoFirmContext, current_firm_id, firm_context

SAMPLES = {"int": "1", "slug": "x", "str": "x", "uuid": "00000000-0000-4000-8000-000000000000", "path": "x"}
KNOWN = {"system": "clio", "kind": "invoice", "part": "bills_in", "firm": "{firm}"}


def addresses(patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "/") -> Iterator[str]:
    """Every address of the portal, with something believable for each part that varies."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        pattern = entry.pattern
        route = str(pattern)
        for name, converter in pattern.converters.items():
            word = KNOWN.get(name) or SAMPLES.get(type(converter).__name__.removesuffix("Converter").lower(), "x")
            kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
            route = route.replace(f"<{kind}:{name}>", word).replace(f"<{name}>", word)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, prefix + route)
        else:
            yield prefix + route


def firm_addresses(slug: str) -> list[str]:
    return [address.replace("{firm}", slug) for address in addresses() if address.startswith("/f/{firm}/")]


def test_every_address_of_a_firm_can_be_spelled() -> None:
    assert "/f/acme/" in firm_addresses("acme")
    assert not [address for address in firm_addresses("acme") if "<" in address or "{" in address]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_finds_nothing_at_any_address_of_a_firm(acme: Firm, charlie_client: Client, method: str) -> None:
    for address in firm_addresses(acme.slug):
        assert getattr(charlie_client, method)(address).status_code == 404, address


def test_a_stranger_sees_the_same_page_as_for_a_firm_that_is_not_there(acme: Firm, charlie_client: Client) -> None:
    for address in firm_addresses(acme.slug):
        there = charlie_client.get(address)
        absent = charlie_client.get(address.replace(f"/f/{acme.slug}/", "/f/absent/", 1))
        assert there.content == absent.content, address


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_is_sent_to_sign_in_from_every_address_of_a_firm(acme: Firm, method: str) -> None:
    for slug in (acme.slug, "absent"):
        for address in firm_addresses(slug):
            answer = getattr(Client(), method)(address)
            assert answer.status_code == 302, address
            assert answer["Location"].startswith("/accounts/login/"), address


def test_support_has_no_door_to_a_firm(acme: Firm, charlie: User, charlie_client: Client) -> None:
    User.objects.filter(pk=charlie.pk).update(is_staff=True, is_superuser=True)
    for address in firm_addresses(acme.slug):
        assert charlie_client.get(address).status_code == 404, address


@firm_view(Permission.CONNECT)
def _door(request: FirmRequest, firm: Firm) -> HttpResponse:
    assert current_firm_id() == firm.pk
    return HttpResponse(firm.name)


def _knock(user: User, slug: str) -> HttpResponse:
    request = RequestFactory().get(f"/f/{slug}/")
    request.user = user
    answer = _door(request, slug)
    assert isinstance(answer, HttpResponse)
    return answer


def test_a_member_with_the_permission_is_let_in_to_that_firm_only(alice: User, acme: Firm) -> None:
    assert _knock(alice, "acme").content == b"Acme Law"
    assert current_firm_id() is None


def test_a_member_without_the_permission_is_told_who_may(bob: User) -> None:
    with pytest.raises(PermissionDenied, match="owner or admin"):
        _knock(bob, "acme")


def test_viewers_change_nothing_and_only_firm_admins_connect() -> None:
    assert PERMISSIONS[Role.VIEWER] == {Permission.VIEW}
    assert {role for role in Role if Permission.CONNECT in PERMISSIONS[role]} == {Role.OWNER, Role.ADMIN}


def owned_models() -> list[type[FirmOwned]]:
    return [model for model in apps.get_models() if issubclass(model, FirmOwned)]


def test_rows_of_a_firm_cannot_be_read_without_saying_whose() -> None:
    assert owned_models()
    for model in owned_models():
        with pytest.raises(NoFirmContext):
            model.objects.all()
        with firm_context(7):
            assert '"firm_id" = 7' in str(model.objects.all().query)
        assert '"firm_id" = 8' in str(model.objects.of(8).query)


def test_a_firms_context_ends_with_its_block_even_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), firm_context(7):
        _ = 1 / 0
    assert current_firm_id() is None


@pytest.mark.django_db
def test_the_database_lets_no_row_point_at_another_firms_row() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
        )
        found = {(table.strip('"'), definition.replace('"', "")) for table, definition in cursor.fetchall()}
    for model in owned_models():
        for field in model._meta.local_fields:
            target = field.related_model
            if not isinstance(field, models.ForeignKey) or not isinstance(target, type):
                continue
            if issubclass(target, FirmOwned):
                start = f"FOREIGN KEY (firm_id, {field.column}) REFERENCES {target._meta.db_table}(firm_id, id)"
                assert any(t == model._meta.db_table and d.startswith(start) for t, d in found), start


def test_the_only_owner_can_neither_leave_nor_step_down(alice: User, bob: User, acme: Firm) -> None:
    with pytest.raises(Refused, match="only owner"):
        remove(acme, alice)
    with pytest.raises(Refused, match="only owner"):
        change_role(acme, alice, Role.ADMIN)
    change_role(acme, bob, Role.OWNER)
    remove(acme, alice)
    assert [row.user for row in Membership.objects.filter(firm=acme)] == [bob]


@contextmanager
def whole_transaction() -> Iterator[None]:
    """What the database checks when a transaction ends, it checks at the end of this block."""
    with transaction.atomic():
        yield
        connection.check_constraints()


def test_the_database_refuses_a_firm_without_an_owner(acme: Firm) -> None:
    with pytest.raises(IntegrityError, match="must have an owner"), whole_transaction():
        Membership.objects.filter(firm=acme).delete()
    with pytest.raises(IntegrityError, match="must have an owner"), whole_transaction():
        Firm.objects.create(name="Nobody's", slug="nobodys")


def test_the_database_refuses_a_second_membership_of_one_person(alice: User, acme: Firm) -> None:
    with pytest.raises(IntegrityError, match="one_membership_per_firm_and_user"), transaction.atomic():
        Membership.objects.create(firm=acme, user=alice, role=Role.VIEWER)


def test_the_database_refuses_an_unknown_role(alice: User, acme: Firm) -> None:
    with pytest.raises(IntegrityError, match="membership_role_is_known"), transaction.atomic():
        Membership.objects.filter(firm=acme).update(role="king")


def test_the_database_refuses_a_new_slug(acme: Firm) -> None:
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Firm.objects.filter(pk=acme.pk).update(slug="other")


def test_firms_of_one_name_get_slugs_of_their_own(alice: User) -> None:
    assert [create_firm(alice, "Ólafs & Søn LLP").slug for _ in range(3)] == [
        "olafs-sn-llp",
        "olafs-sn-llp-2",
        "olafs-sn-llp-3",
    ]


def test_a_name_without_a_single_latin_letter_still_gets_a_slug(alice: User) -> None:
    assert create_firm(alice, "東京法律事務所").slug == "firm"


@pytest.mark.django_db
def test_the_portal_does_not_work_as_a_superuser() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)
