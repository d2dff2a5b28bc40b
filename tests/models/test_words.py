"""Records are found by any part of a word, out of an index."""

import pytest
from django.db import connection

from firms.models import Firm, User
from integrations.models import Record
from integrations.models.words import found_by
from integrations.sync import mirror
from tests.models.refusals import rows
from tests.portal import Portal, make_portal

pytestmark = pytest.mark.django_db

NAMES = ("Ann Lee", "Annabel Moss", "Łódź Textiles", "100% Pure_Juice", "Li", "中文律师", "")


def portal_with(firm: Firm, owner: User) -> Portal:
    portal = make_portal(firm, owner)
    people = [{"Id": str(n), "DisplayName": name} for n, name in enumerate(NAMES, start=1)]
    mirror.keep_ledger(portal.pairing, "Customer", people)
    return portal


def found(portal: Portal, *words: str) -> list[str]:
    rows = Record.objects.of(portal.firm).filter(found_by(portal.pairing.pk, words), entity="Customer")
    return [str(row.data["DisplayName"]) for row in rows.order_by("id")]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["ann"], ["Ann Lee", "Annabel Moss"]),
        (["nnab"], ["Annabel Moss"]),
        (["ann", "moss"], ["Annabel Moss"]),
        (["ann", "ss"], ["Annabel Moss"]),
        (["ee"], ["Ann Lee"]),
        (["l"], ["Ann Lee", "Annabel Moss", "Łódź Textiles", "Li"]),
        (["lodz"], ["Łódź Textiles"]),
        (["juice"], ["100% Pure_Juice"]),
        (["文律师"], ["中文律师"]),
        (["annbel"], []),
        (["nnlee"], []),
        (["%"], []),
        (["a%b"], []),
    ],
)
def test_any_part_of_each_word_finds(words: list[str], names: list[str], acme: Firm, alice: User) -> None:
    assert found(portal_with(acme, alice), *words) == names


def test_nobody_of_another_link_is_met_in_the_index(acme: Firm, alice: User) -> None:
    portal = portal_with(acme, alice)
    assert rows("SELECT word_parts(7, 'ann lee')", []) == [(["7:ann", "7:lee"],)]
    assert rows("SELECT word_parts(7, 'li')", []) == rows("SELECT word_parts(7, '')", []) == [([],)]
    assert not Record.objects.of(acme).filter(found_by(portal.pairing.pk + 1, ["ann"])).exists()


def test_a_rare_word_among_many_people_is_found_out_of_the_index(acme: Firm, alice: User) -> None:
    portal = portal_with(acme, alice)
    people = [{"Id": str(n), "DisplayName": f"Person {n}"} for n in range(100, 2100)]
    mirror.keep_ledger(portal.pairing, "Customer", people)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE integrations_record")
    asked = Record.objects.of(acme).filter(found_by(portal.pairing.pk, ["annabel"]))
    assert "record_word_parts" in asked.explain() and asked.count() == 1
