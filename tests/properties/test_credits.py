"""Credit notes: the split of one over its bill always adds up, and no part of it has the wrong sign (rule R5)."""

from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integrations.core import mapping
from integrations.core.money import CENT, ZERO
from integrations.kinds.credit_note import shares_of
from integrations.kinds.invoice import TotalMismatch
from integrations.kinds.invoice_draft import InvoiceDraft, bill_draft
from tests.kinds.builders import policy
from tests.properties.test_bills import Sample, bills

PARTS = st.decimals(0, 1, places=4)


def drafted(sample: Sample) -> InvoiceDraft:
    try:
        return bill_draft(sample.bill, sample.bill.total, sample.lines, policy())
    except TotalMismatch:
        assume(False)
        raise


def part_of(whole: Decimal, part: Decimal) -> Decimal:
    return max((whole * part).quantize(CENT), CENT)


@settings(max_examples=200, deadline=None)
@given(bills(), PARTS)
def test_the_shares_of_a_credit_add_up_and_none_is_below_zero(sample: Sample, part: Decimal) -> None:
    invoice = drafted(sample)
    assume(invoice.amount > 0)
    amount = part_of(invoice.amount, part)
    shares = [share for _, share in shares_of([(invoice, amount)]).values()]
    assert sum(shares, ZERO) == amount
    assert all(share > 0 and share == share.quantize(CENT) for share in shares)


@settings(max_examples=200, deadline=None)
@given(bills())
def test_a_credit_of_the_whole_bill_takes_back_exactly_its_taxes(sample: Sample) -> None:
    invoice = drafted(sample)
    taxes = {
        key: sum((line.amount for line in invoice.lines if line.key == key), ZERO)
        for key in (mapping.TAX, mapping.SECONDARY_TAX)
    }
    assume(invoice.amount > 0 and all(tax >= 0 for tax in taxes.values()))
    assume(invoice.amount > sum(taxes.values(), ZERO))
    shares = {key: share for key, (_, share) in shares_of([(invoice, invoice.amount)]).items()}
    assert {key: shares.get(key, ZERO) for key in taxes} == taxes
