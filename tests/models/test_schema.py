"""What the schema as a whole promises: money is exact, and the portal is bound by its own rules."""

import pytest
from django.apps import apps
from django.db.models import DecimalField, FloatField

from tests.models.refusals import rows

pytestmark = pytest.mark.django_db

OURS = "table_schema = 'public' AND (table_name LIKE 'integrations\\_%%' OR table_name LIKE 'firms\\_%%')"


def test_no_column_of_ours_is_a_float() -> None:
    columns = rows(f"SELECT table_name, column_name, data_type FROM information_schema.columns WHERE {OURS}", [])
    assert {"integrations_syncevent", "integrations_record", "firms_firm"} <= {table for table, _, _ in columns}
    assert [column for column in columns if column[2] in ("real", "double precision", "money")] == []


def test_money_is_numeric_to_the_cent_and_has_its_currency_beside_it() -> None:
    numeric = rows(
        "SELECT table_name, column_name, numeric_precision, numeric_scale FROM information_schema.columns "
        f"WHERE data_type = 'numeric' AND {OURS}",
        [],
    )
    assert ("integrations_syncevent", "amount", 17, 2) in numeric
    for table, column, precision, scale in numeric:
        assert (precision, scale) == (17, 2), (table, column)
        currencies = "SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name LIKE '%%currency'"
        assert rows(currencies, [table]), table


def test_no_model_asks_for_a_float() -> None:
    fields = [field for model in apps.get_models() for field in model._meta.local_fields]
    ours = [field for field in fields if field.model._meta.app_label in ("firms", "integrations")]
    assert any(isinstance(field, DecimalField) for field in ours)
    assert not [field for field in ours if isinstance(field, FloatField)]


def test_the_portal_works_as_a_role_that_rules_can_bind() -> None:
    ((is_superuser, bypasses),) = rows("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    assert (is_superuser, bypasses) == (False, False)
    ((setting,),) = rows("SELECT current_setting('is_superuser')")
    assert setting == "off"
