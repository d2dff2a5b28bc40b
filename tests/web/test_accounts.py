"""People: signing up, signing in, the first firm."""

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from firms.models import Firm


def test_a_second_firm_is_refused_with_the_name_of_the_first(alice_client: Client) -> None:
    answer = alice_client.post("/firms/new/", {"name": "Second", "timezone": "America/New_York"})
    assert answer.status_code == 422
    assert "You already own Acme Law" in answer.content.decode()
    assert Firm.objects.count() == 1


def test_the_slug_of_a_firm_cannot_change(acme: Firm) -> None:
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Firm.objects.filter(pk=acme.pk).update(slug="other")
