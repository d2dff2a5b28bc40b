"""Writes of the API: contacts made and changed, bills changed and deleted."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sandbox.clio.errors import Refusal
from integrations.sandbox.clio.office import ClioOffice, Discount, OfficeError
from integrations.sandbox.clio.people import ROWS
from integrations.sandbox.clio.switches import Switches
from integrations.sandbox.http import Request
from integrations.sandbox.store import Doc

_CONTACT = frozenset(
    "type name first_name middle_name last_name prefix title date_of_birth sales_tax_number ledes_client_id company"
    " email_addresses phone_numbers addresses web_sites".split()
)
_BILL = frozenset(
    "number state issued_at due_at memo subject purchase_order discount tax_rate secondary_tax_rate".split()
)
_NESTED = frozenset(("company", "discount", *ROWS))


def data_of(request: Request) -> dict[str, Any]:
    """The ``data`` object of a JSON body; Refusal 400 for anything else."""
    try:
        body = request.json()
    except ValueError:
        raise Refusal(400, "The body is not JSON.") from None
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        raise Refusal(400, "The body must be an object with data.")
    return dict(body["data"])


def create_contact(office: ClioOffice, data: dict[str, Any]) -> int:
    """Id of the new contact; Refusal 422 with the reason otherwise."""
    _check(data, _CONTACT)
    if data.get("type") not in ("Person", "Company"):
        raise Refusal(422, "Type must be Person or Company.")
    return _told(office.create_contact, data)


def patch_contact(office: ClioOffice, id: int, data: dict[str, Any]) -> None:
    _check(data, _CONTACT)
    _told(office.edit_contact, id, data)


def patch_bill(office: ClioOffice, id: int, data: dict[str, Any], switches: Switches) -> None:
    """Number, state and details of a bill, all or nothing."""
    _check(data, _BILL)
    number, state = data.pop("number", None), data.pop("state", None)
    with office.store.transaction():
        if number is not None:
            _renumber(office, id, str(number), switches)
        if data:
            _told(lambda: office.edit_bill(id, **_bill_changes(data)))
        if state is not None:
            _move(office, id, state)


def delete_bill(office: ClioOffice, id: int) -> None:
    try:
        office.delete_bill(id)
    except OfficeError as refused:
        raise Refusal(403, str(refused), "ForbiddenError") from None


def _check(data: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := data.keys() - known:
        raise Refusal(422, f"Unknown: {', '.join(sorted(unknown))}.")
    for name, value in data.items():
        wrong = isinstance(value, dict | list) and name not in _NESTED
        if wrong or (name in ROWS and not _rows(value)):
            raise Refusal(422, f"{name} has the wrong type.")


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _bill_changes(data: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {name: _bill_value(name, value) for name, value in data.items()}
    except (InvalidOperation, AttributeError, KeyError):
        raise Refusal(422, "A number could not be understood.") from None


def _bill_value(name: str, value: Any) -> Any:
    if name == "discount" and value is not None:
        return Discount(Decimal(str(value["rate"])), value.get("type", "percentage"), value.get("note") or "")
    return Decimal(str(value or 0)) if name.endswith("tax_rate") else value


def _renumber(office: ClioOffice, id: int, number: str, switches: Switches) -> None:
    if switches["clio_duplicate_number"] == "refused":
        taken: list[Doc] = [bill for bill in office.all("bill") if bill["number"] == number and bill["id"] != id]
        if taken:
            raise Refusal(422, "Number has already been taken.")
    _told(office.renumber, id, number)


def _move(office: ClioOffice, id: int, state: str) -> None:
    actions = {
        "draft": office.back_to_draft,
        "awaiting_approval": office.submit,
        "awaiting_payment": office.approve,
        "void": office.void_bill,
        "deleted": office.delete_bill,
    }
    if state not in actions:
        raise Refusal(422, f"State cannot be set to {state}.")
    if office.take("bill", id)["state"] != state:
        _told(actions[state], id)


def _told[R](action: Callable[..., R], *args: Any) -> R:
    """Runs office work; what the office refuses is a 422 with its reason."""
    try:
        return action(*args)
    except OfficeError as refused:
        raise Refusal(422, str(refused)) from None
