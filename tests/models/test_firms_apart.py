"""No row of one firm can be made to point at a row of another, whoever writes the SQL."""

from functools import partial
from typing import Any

from django.apps import apps
from django.db.models import ForeignKey

from firms.models import Firm, Membership, User
from firms.scoping import FirmOwned
from integrations.models import CallBudget, OAuthToken, Pairing, Subscription, SyncEvent
from tests.models.refusals import refused, sql
from tests.models.rows import issue_of, one_of_each, pairing_of


def owned() -> list[type[FirmOwned]]:
    return [m for m in apps.get_models() if issubclass(m, FirmOwned) and m._meta.app_label == "integrations"]


def keys_within_a_firm() -> list[tuple[type[FirmOwned], Any, type[FirmOwned]]]:
    """Model, field and what it points at."""
    fields: list[tuple[type[FirmOwned], Any]] = [
        (model, field) for model in owned() for field in model._meta.local_fields
    ]
    keys: list[tuple[type[FirmOwned], Any, Any]] = [
        (model, field, field.related_model) for model, field in fields if isinstance(field, ForeignKey)
    ]
    return [key for key in keys if issubclass(key[2], FirmOwned)]


def one[M: FirmOwned](rows: dict[type[FirmOwned], FirmOwned], model: type[M]) -> M:
    row = rows[model]
    assert isinstance(row, model)
    return row


def pointing(model: type[FirmOwned], field: Any, row: FirmOwned, target: FirmOwned) -> str:
    """What refuses a row of ``model`` whose ``field`` names ``target``.

    The journal takes no UPDATE, so a copy is tried there.
    """
    table, column = model._meta.db_table, field.column
    if model is not SyncEvent:
        return refused(sql(f"UPDATE {table} SET {column} = %s WHERE id = %s", [target.pk, row.pk]))
    columns = [str(f.column) for f in model._meta.local_fields if f.column != "id"]
    picked = ", ".join("%s" if name == column else name for name in columns)
    copy = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {picked} FROM {table} WHERE id = %s"
    return refused(sql(copy, [target.pk, row.pk]))


def test_every_model_a_firm_owns_is_tried(acme: Firm, alice: User) -> None:
    assert set(one_of_each(acme, alice)) == set(owned())


def test_no_row_can_point_at_another_firms_row(acme: Firm, alice: User, globex: Firm, charlie: User) -> None:
    mine, theirs = one_of_each(acme, alice), one_of_each(globex, charlie)
    assert len(keys_within_a_firm()) >= 14
    other_connection = one(theirs, Pairing).ledger
    for model, field, pointed in keys_within_a_firm():
        expected = f"{model._meta.db_table}_{field.name}_same_firm"
        # One connection has each of these already, so the other is aimed at.
        has_one = model in (CallBudget, OAuthToken, Subscription)
        target = other_connection if has_one else theirs[pointed]
        assert pointing(model, field, mine[model], target) == expected


def test_no_row_can_be_moved_to_another_firm(acme: Firm, alice: User, globex: Firm) -> None:
    mine = one_of_each(acme, alice)
    tied = {model for model, _, _ in keys_within_a_firm()} - {SyncEvent}
    for model in tied:
        move = sql(f"UPDATE {model._meta.db_table} SET firm_id = %s WHERE id = %s", [globex.pk, mine[model].pk])
        assert refused(move).endswith("_same_firm"), model


def test_an_issue_can_only_be_a_members_of_its_firm(acme: Firm, alice: User, charlie: User) -> None:
    issue = issue_of(pairing_of(acme))
    give = partial(sql, "UPDATE integrations_issue SET assigned_to_id = %s WHERE id = %s")
    assert refused(give([charlie.pk, issue.pk])) == "integrations_issue_assigned_to_a_member"
    assert give([alice.pk, issue.pk])() == 1


def test_a_person_is_a_member_of_a_firm_once(acme: Firm, alice: User) -> None:
    assert refused(lambda: Membership.objects.create(firm=acme, user=alice, role="viewer")) == (
        "one_membership_per_firm_and_user"
    )


def test_a_firm_always_has_an_owner(acme: Firm, alice: User) -> None:
    mine = Membership.objects.filter(firm=acme, user=alice)
    assert refused(lambda: mine.update(role="admin")) == "a_firm_always_has_an_owner"
    assert refused(lambda: mine.delete()) == "a_firm_always_has_an_owner"
    assert refused(lambda: Firm.objects.create(name="Nobody's", slug="nobody")) == "a_firm_always_has_an_owner"
