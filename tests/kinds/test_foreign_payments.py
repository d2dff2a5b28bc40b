"""What is said of payments that people entered only in QuickBooks (rule R8)."""

from datetime import date
from decimal import Decimal

import pytest

from integrations.kinds.catalog import Settlement
from integrations.kinds.plan_foreign import named


@pytest.mark.parametrize(
    ("dated", "said"),
    [(date(2026, 2, 20), "2,186.21 of 20 Feb 2026"), (None, "2,186.21 (QuickBooks id 47)")],
)
def test_r8_a_payment_is_named_by_amount_and_day_and_by_its_id_where_it_has_none(dated: date | None, said: str) -> None:
    paid = Settlement("47", "5", Decimal(3000), {"9": Decimal("2186.21")}, {}, dated)
    assert named(paid, "9") == said
