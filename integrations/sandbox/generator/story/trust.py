"""Acts about trust money: in, out, between clients, on bills, changed, gone, and too much of it."""

from dataclasses import dataclass
from decimal import Decimal

from integrations.sandbox.generator.story.act import Act, Step
from integrations.sandbox.generator.story.cast import Cast

D = Decimal


def _client(cast: Cast) -> int:
    return cast.person()


def _funded(cast: Cast) -> int:
    """A client with 5,000 in trust."""
    client = cast.person()
    cast.clio.trust_deposit(client, D(5000), cast.day(30), source="The client", description="Advance")
    return client


def _funded_early(cast: Cast) -> int:
    """A client whose money came before the start date."""
    client = cast.person()
    cast.clio.trust_deposit(client, D(5000), cast.before(40), source="The client", description="Advance")
    return client


@dataclass(frozen=True, slots=True)
class Two:
    """Two clients, the first with 5,000 in trust."""

    first: int
    second: int


def _two(cast: Cast) -> Two:
    return Two(_funded(cast), cast.person())


@dataclass(frozen=True, slots=True)
class Billed:
    client: int
    bill: int


def _billed(cast: Cast) -> Billed:
    client = _funded(cast)
    return Billed(client, cast.bill(contact=client))


def _paid_from_trust(cast: Cast) -> Billed:
    billed = _billed(cast)
    _pay(cast, billed)
    return billed


def _deposit(cast: Cast, client: int) -> None:
    cast.clio.trust_deposit(client, D(3000), cast.day(20), source="The client", reference="Wire 8", description="Fee")


def _pay_out(cast: Cast, client: int) -> None:
    cast.clio.trust_withdrawal(
        client, D(700), cast.day(12), source="County Recorder", reference=cast.number(), description="Recording fee"
    )


def _transfer(cast: Cast, two: Two) -> None:
    cast.clio.trust_transfer(D(900), cast.day(9), contact_id=two.first, to_contact_id=two.second, description="Settled")


def _between_matters(cast: Cast, client: int) -> None:
    matter = cast.clio.create_matter(client, "Second matter")
    cast.clio.trust_transfer(D(400), cast.day(9), contact_id=client, to_matter_id=matter)


def _pay(cast: Cast, billed: Billed) -> None:
    cast.clio.pay_from_trust(billed.bill, D(1000), cast.day(15))


def _unpay(cast: Cast, billed: Billed) -> None:
    (payment,) = cast.clio.find("payment", "contact_id", billed.client)
    cast.clio.delete_payment(payment["id"])


def _change(cast: Cast, client: int) -> None:
    cast.clio.edit_bank_transaction(cast.row(client)["id"], amount=D(4500), date=cast.day(25))


def _remove(cast: Cast, client: int) -> None:
    cast.clio.delete_bank_transaction(cast.row(client)["id"])


def _too_early(cast: Cast, client: int) -> None:
    """Paid out before the money came: the office lets it pass, the ledger by date does not."""
    cast.clio.trust_withdrawal(
        client, D(800), cast.day(60), source="Expert witness", reference=cast.number(), description="Report"
    )


def _put_right(cast: Cast, client: int) -> None:
    cast.clio.edit_bank_transaction(cast.row(client)["id"], date=cast.day(8))


def _bare(cast: Cast, client: int) -> None:
    """A withdrawal of which nothing is said."""
    cast.clio.trust_withdrawal(client, D(50), cast.day(6))


def _complete(cast: Cast, client: int) -> None:
    cast.clio.edit_bank_transaction(
        cast.row(client)["id"], source="Courier", reference=cast.number(), description="Delivery"
    )


def _entry(cast: Cast, client: int) -> str:
    return str(cast.posted("JournalEntry", "trust_entry", cast.row(client)["id"])["Id"])


def _redate_in_quickbooks(cast: Cast, client: int) -> None:
    cast.quickbooks.edit("JournalEntry", _entry(cast, client), TxnDate=cast.day(3).isoformat())


def _delete_in_quickbooks(cast: Cast, client: int) -> None:
    cast.quickbooks.delete("JournalEntry", _entry(cast, client))


def _funded_at_the_start(cast: Cast) -> int:
    client = cast.person()
    cast.clio.trust_deposit(client, D(5000), cast.start, source="The client", description="Advance")
    return client


def _close_and_change(cast: Cast, client: int) -> None:
    cast.quickbooks.close_books(cast.start.isoformat())
    cast.clio.edit_bank_transaction(cast.row(client)["id"], amount=D(4800))


def _reopen(cast: Cast, client: int) -> None:
    cast.quickbooks.close_books(None)


TRUST = (
    Act("Money comes into trust", _client, (Step(_deposit, does=("contact created", "trust_entry created")),)),
    Act("Money is paid out of trust by cheque", _funded, (Step(_pay_out, does=("trust_entry created",)),)),
    Act(
        "Trust money of before the start date is paid out",
        _funded_early,
        (Step(_pay_out, does=("contact created", "trust_entry created")),),
    ),
    Act(
        "Trust money goes from one client to another",
        _two,
        (Step(_transfer, does=("contact created", "trust_entry created")),),
    ),
    Act("Trust money goes from a client to a matter of theirs", _funded, (Step(_between_matters),)),
    Act("A bill is paid from trust", _billed, (Step(_pay, does=("payment created", "trust_entry created")),)),
    Act(
        "A payment from trust is deleted",
        _paid_from_trust,
        (Step(_unpay, does=("payment voided", "trust_entry created"), syncs=3),),
    ),
    Act("A trust row is changed", _funded, (Step(_change, does=("trust_entry updated",)),)),
    Act("A trust row is deleted", _funded, (Step(_remove, does=("trust_entry created",), syncs=3),)),
    Act(
        "More is paid out of trust than there was that day",
        _funded,
        (
            Step(_too_early, opens=("trust_overdraw",)),
            Step(_put_right, does=("trust_entry created",)),
        ),
    ),
    Act(
        "A trust row says too little, and is completed",
        _funded,
        (
            Step(_bare, does=("trust_entry created",)),
            Step(_complete, does=("trust_entry updated",)),
        ),
    ),
    Act(
        "A trust entry is re-dated in QuickBooks and restored",
        _funded,
        (
            Step(_redate_in_quickbooks, opens=("drift",)),
            Step(answer=("drift", "restore"), does=("trust_entry updated",)),
        ),
    ),
    Act(
        "A trust entry is deleted in QuickBooks and restored",
        _funded,
        (
            Step(_delete_in_quickbooks, opens=("deleted_in_ledger",)),
            Step(answer=("deleted_in_ledger", "restore"), does=("trust_entry created",)),
        ),
    ),
)
CLOSED = Act(
    "A trust row is changed in a closed period and reversed",
    _funded_at_the_start,
    (
        Step(_close_and_change, opens=("books_closed", "period_closed")),
        Step(answer=("period_closed", "reverse"), does=("trust_entry created",)),
        Step(_reopen),
    ),
)
