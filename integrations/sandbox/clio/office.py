"""The office: everything people do on Clio's own screens, which the API does not offer."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Self

from integrations.sandbox.clio.corrections import Corrections
from integrations.sandbox.clio.desk import NoSuchRecord, OfficeError, money
from integrations.sandbox.clio.lines import BillLine
from integrations.sandbox.clio.people import People
from integrations.sandbox.clio.sums import Discount
from integrations.sandbox.store import Doc, Store

__all__ = ["REGIONS", "BillLine", "ClioOffice", "Discount", "NoSuchRecord", "OfficeError", "accounts"]

REGIONS = ("us", "eu", "ca", "au")

_SIGNS = {"USD": "$", "CAD": "$", "AUD": "$", "GBP": "£", "EUR": "€"}
_SNAPSHOT = (
    "bill",
    "line_item",
    "allocation",
    "contact",
    "matter",
    "payment",
    "bank_transaction",
    "bank_account",
    "interest_charge",
    "credit_memo",
    "trust_line_item",
    "activity",
    "expense_category",
    "fund",
)
_PLURAL = {"activity": "activities", "expense_category": "expense_categories"}


class ClioOffice(People, Corrections):
    """One Clio account, as the people of the firm use it. Refusals are OfficeError; ids are ints."""

    @classmethod
    def open_account(
        cls,
        store: Store,
        region: str = "us",
        name: str = "Law Firm",
        user_name: str = "Alex Owner",
        user_email: str = "owner@example.com",
        country: str = "US",
        currency: str = "USD",
        roles: Sequence[str] = ("admin", "accounts", "billing", "reports"),
    ) -> Self:
        """A new account with its owner, its currency and its billing settings; no bank accounts yet."""
        with store.transaction():
            id = store.next_id("clio", int(store.setting("first_id:clio", 1001)))
            office = cls(store, region, id)
            now = office.now()
            account = {
                "id": id,
                "version": 0,
                "created_at": now,
                "updated_at": now,
                "name": name,
                "state": "active",
                "country": country,
                "currency": currency,
                "owner_id": 0,
            }
            office._put("account", account)
            office._furnish(account, user_name, user_email, roles)
        return office

    def _furnish(self, account: Doc, user_name: str, user_email: str, roles: Sequence[str]) -> None:
        code = str(account["currency"])
        owner = self.add_user(user_name, user_email, roles)
        self.save("user", self.take("user", owner) | {"account_owner": True})
        settings = self.add(
            "billing_setting",
            rounded_duration=Decimal("0.1"),
            rounding=360,
            use_decimal_rounding=True,
            currency=code,
            currency_sign=_SIGNS.get(code, code),
            tax_rate=Decimal(0),
            tax_name="Tax",
            apply_tax_by_default=False,
            use_secondary_tax=False,
            secondary_tax_rate=Decimal(0),
            secondary_tax_rule="Pre",
            secondary_tax_name="",
            use_utbms_codes=False,
            notify_after_bill_created=False,
            time_on_flat_rate_contingency_matters_is_non_billable=False,
        )
        account |= {
            "owner_id": owner,
            "billing_setting_id": settings["id"],
            "currency_id": self.add_currency(code, _SIGNS.get(code, code)),
        }
        self.save("account", account)

    def rename_firm(self, name: str) -> None:
        self.save("account", self.take("account", self.account_id) | {"name": name})

    def set_billing(self, **changes: Any) -> None:
        """Changes billing settings: tax names and rates, ``secondary_tax_rule`` Pre or Post."""
        account = self.take("account", self.account_id)
        settings = self.take("billing_setting", account["billing_setting_id"])
        if unknown := changes.keys() - settings.keys():
            raise OfficeError(f"There is no billing setting {', '.join(sorted(unknown))}.")
        self.save("billing_setting", settings | changes)

    @property
    def account(self) -> Doc:
        return self.take("account", self.account_id)

    def payment(self, payment_id: int) -> Doc:
        return self.take("payment", payment_id)

    def bill(self, bill_id: int) -> Doc:
        """The bill as the office keeps it; see ``snapshot`` for the names."""
        return _plain("bill", self.take("bill", bill_id))

    def snapshot(self) -> dict[str, list[Doc]]:
        """Everything an independent checker needs: kind in plural -> plain dicts, amounts as Decimal.

        Bills: ``sub_total`` before the discount, ``discount_amount``, ``tax_sum``, ``secondary_tax_sum``,
        ``interest_total``, ``due``, ``payments``, ``credits``, ``balance``. Lines: ``gross`` before and ``net`` after
        the bill discount. Bank rows: ``signed`` (below zero: out), ``running``. Funds: what is held per owner.
        """
        return {_PLURAL.get(kind, kind + "s"): [_plain(kind, doc) for doc in self.all(kind)] for kind in _SNAPSHOT}


def accounts(store: Store, region: str) -> list[ClioOffice]:
    """Every account of a region, oldest first."""
    ids = sorted(int(space.rsplit(":", 1)[1]) for space in store.spaces(f"clio:{region}:"))
    return [ClioOffice(store, region, id) for id in ids]


def _plain(kind: str, doc: Doc) -> Doc:
    flat = {**doc, **doc.get("sums", {})}
    flat.pop("sums", None)
    names = _AMOUNTS.get(kind, frozenset())
    return {name: money(value) if name in names else value for name, value in flat.items()}


_AMOUNTS = {
    "bill": frozenset(
        "sub_total discount_amount tax_sum secondary_tax_sum total_tax taxable_sub_total secondary_taxable_sub_total"
        " services_sub_total services_tax services_secondary_tax services_discount_amount principal interest_total"
        " interest_paid due payments credits balance pending".split()
    ),
    "line_item": frozenset("gross net tax secondary_tax price".split()),
    "allocation": frozenset(("amount",)),
    "credit_memo": frozenset(("amount",)),
    "payment": frozenset(("amount", "allocated")),
    "bank_transaction": frozenset(("signed", "running")),
    "bank_account": frozenset(("balance",)),
    "interest_charge": frozenset(("total",)),
    "trust_line_item": frozenset(("total",)),
    "fund": frozenset(("balance",)),
    "activity": frozenset(("total", "price")),
}
