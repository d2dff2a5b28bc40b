"""Acts about payments: received, used later, changed, replaced, refunded, deposited, or entered twice."""

from decimal import Decimal

from integrations.sandbox.clio.office import BillLine
from integrations.sandbox.generator.story.act import Act, Step
from integrations.sandbox.generator.story.cast import Cast


def _bill(cast: Cast) -> int:
    return cast.bill()


def _two_bills(cast: Cast) -> tuple[int, int]:
    first = cast.bill()
    return first, cast.bill(400, contact=cast.client(first))


def _paid(cast: Cast) -> int:
    """Returns the payment."""
    return cast.pay(cast.bill(), reference="Check 4711")


def _both(cast: Cast, bills: tuple[int, int]) -> None:
    parts = [(bills[0], Decimal(1000)), (bills[1], Decimal(250))]
    cast.clio.record_payment(cast.client(bills[0]), parts, cast.day(12), reference="Check 2001")


def _too_much(cast: Cast, bills: tuple[int, int]) -> None:
    cast.pay(bills[0], 1000, received=1200, ago=12, reference="Wire 31")


def _use_the_rest(cast: Cast, bills: tuple[int, int]) -> None:
    cast.clio.pay_from_operating_funds(bills[1], Decimal(200), cast.day(8))


def _less(cast: Cast, payment: int) -> None:
    ((bill, _),) = cast.clio.allocated_to(payment)
    cast.clio.edit_payment(payment, [(bill, Decimal(850))], amount=Decimal(850))


def _replace(cast: Cast, payment: int) -> None:
    cast.clio.replace_payment(payment, cast.day(25), reference="Check 4712")


def _deposit_and_change(cast: Cast, payment: int) -> None:
    cast.quickbooks.deposit_payments([cast.payment(payment)["Id"]])
    _less(cast, payment)


def _take_the_deposit_back(cast: Cast, payment: int) -> None:
    (link,) = cast.payment(payment)["LinkedTxn"]
    cast.quickbooks.delete("Deposit", link["TxnId"])


def _deposit_and_refund(cast: Cast, payment: int) -> None:
    cast.quickbooks.deposit_payments([cast.payment(payment)["Id"]])
    _refund(cast, payment)


def _one_expense(cast: Cast, payment: int) -> bool:
    """The deposit stays as it was, and the customer owes again what was given back."""
    ((bill, _),) = cast.clio.allocated_to(payment)
    return bool(cast.payment(payment)["TotalAmt"] == 1000 and cast.invoice(bill)["Balance"] == 300)


def _refund(cast: Cast, payment: int) -> None:
    cast.clio.refund_payment(payment, Decimal(300), cast.day(5), reference="Refund 9")


def _refund_all(cast: Cast, payment: int) -> None:
    cast.clio.refund_payment(payment, Decimal(1000), cast.day(5))


def _card(cast: Cast, bill: int) -> None:
    cast.pay(bill, pending=True, ago=3)


def _arrives(cast: Cast, bill: int) -> None:
    cast.clio.complete_payment(cast.clio.find("payment", "contact_id", cast.client(bill))[-1]["id"])


def _fails(cast: Cast, bill: int) -> None:
    cast.clio.fail_payment(cast.clio.find("payment", "contact_id", cast.client(bill))[-1]["id"])


def _by_hand_too(cast: Cast, bill: int) -> None:
    owner, on = cast.customer(cast.client(bill))["Id"], cast.day(14).isoformat()
    cast.quickbooks.receive_payment(owner, 1000, TxnDate=on)
    cast.pay(bill, ago=13)


def _across_the_start(cast: Cast) -> tuple[int, int]:
    """A bill of before the start date and one of after it, of one client."""
    second = cast.bill()
    matter = cast.clio.create_matter(cast.client(second), "Earlier advice")
    before = cast.before(20)
    first = cast.clio.draft_bill(matter, [BillLine("Advice", Decimal(500), kind="fee")], before, before)
    cast.clio.approve(first)
    return first, second


def _pay_both_ages(cast: Cast, bills: tuple[int, int]) -> None:
    parts = [(bills[0], Decimal(500)), (bills[1], Decimal(1000))]
    cast.clio.record_payment(cast.client(bills[0]), parts, cast.day(9), reference="Check 1500")


def _pay_the_earlier(cast: Cast, bills: tuple[int, int]) -> None:
    cast.pay(bills[0], 500, ago=9)


PAYMENTS = (
    Act(
        "A cheque pays a bill",
        _bill,
        (Step(lambda cast, bill: cast.pay(bill, ago=12, reference="Check 1"), does=("payment created",)),),
    ),
    Act("One cheque pays two bills", _two_bills, (Step(_both, does=("payment created",)),)),
    Act(
        "Too much is paid; the rest pays another bill later",
        _two_bills,
        (Step(_too_much, does=("payment created",)), Step(_use_the_rest, does=("payment updated",))),
    ),
    Act("A payment is changed", _paid, (Step(_less, does=("payment updated",)),)),
    Act(
        "A payment is deleted",
        _paid,
        (Step(lambda cast, payment: cast.clio.delete_payment(payment), does=("payment voided",)),),
    ),
    Act("A payment is deleted and entered again", _paid, (Step(_replace, does=("payment updated",)),)),
    Act(
        "A payment that was taken to the bank is changed",
        _paid,
        (
            Step(_deposit_and_change, opens=("deposited_payment",)),
            Step(_take_the_deposit_back, answer=("deposited_payment", "retry"), does=("payment updated",)),
        ),
    ),
    Act(
        "A payment that was taken to the bank is refunded in part",
        _paid,
        (
            Step(_deposit_and_refund, opens=("deposited_payment",)),
            Step(
                answer=("deposited_payment", "refund"),
                does=("payment created", "payment updated"),
                holds=_one_expense,
            ),
        ),
    ),
    Act("A part of a payment is refunded", _paid, (Step(_refund, does=("payment updated",)),)),
    Act("A payment is refunded whole", _paid, (Step(_refund_all, does=("payment voided",)),)),
    Act(
        "A card payment is pending, then arrives",
        _bill,
        (Step(_card), Step(_arrives, does=("payment created",))),
    ),
    Act("A card payment is pending, then fails", _bill, (Step(_card), Step(_fails))),
    Act(
        "A payment was entered in both systems: it is one",
        _bill,
        (
            Step(_by_hand_too, opens=("payment_exists",)),
            Step(answer=("payment_exists", "adopt"), does=("payment updated",)),
        ),
    ),
    Act(
        "A payment was entered in both systems: they are two",
        _bill,
        (
            Step(_by_hand_too, opens=("payment_exists",)),
            Step(answer=("payment_exists", "post"), does=("payment created",)),
        ),
    ),
    Act(
        "One cheque pays a bill of before the start date and one of after it",
        _across_the_start,
        (Step(_pay_both_ages, does=("payment created",), opens=("payment_partly_outside",)),),
        leaves=("payment_partly_outside",),
    ),
    Act("A payment pays only a bill of before the start date", _across_the_start, (Step(_pay_the_earlier),)),
)
