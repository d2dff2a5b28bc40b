"""Office work on bank accounts: rows with running balances, money held per contact and matter, trust."""

from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sandbox.clio.desk import ZERO, Desk, NoSuchRecord, OfficeError, atomic, day, money
from integrations.sandbox.store import Doc

_EDITABLE = frozenset(("date", "amount", "reference", "description", "source", "contact_id", "matter_id"))


class Banking(Desk):
    """Operating and trust accounts of one account. Nobody's trust money ever goes below zero here."""

    @atomic
    def add_bank_account(self, name: str, type: str = "Operating", currency: str = "", **details: Any) -> int:
        """An account of type Operating or Trust; returns its id."""
        if type not in ("Operating", "Trust"):
            raise OfficeError("Type must be Operating or Trust.")
        account = self.take("account", self.account_id)
        known = {doc["code"]: doc for doc in self.all("currency")}
        held = known.get(currency or account["currency"]) or self.add("currency", code=currency, sign=currency)
        first = not any(doc["type"] == type for doc in self.all("bank_account"))
        doc = self.add(
            "bank_account",
            name=name,
            type=type,
            currency=held["code"],
            currency_id=held["id"],
            currency_symbol=held["sign"],
            balance=ZERO,
            bank_transactions_count=0,
            default_account=first,
            user_id=account["owner_id"],
            **{"institution": "First National", "holder": account["name"], **details},
        )
        return int(doc["id"])

    @atomic
    def rename_bank_account(self, bank_account_id: int, name: str) -> None:
        doc = self.take("bank_account", bank_account_id)
        doc["name"] = name
        self.save("bank_account", doc)

    @atomic
    def trust_deposit(
        self,
        contact_id: int,
        amount: Decimal,
        on: date | str,
        *,
        matter_id: int | None = None,
        bank_account_id: int | None = None,
        source: str = "",
        reference: str = "",
        description: str = "",
    ) -> int:
        """Money of the contact into trust; returns the id of the bank row."""
        held = bank_account_id or self.first_account("Trust")
        return self._entry(held, money(amount), on, contact_id, matter_id, source, reference, description)

    @atomic
    def trust_withdrawal(
        self,
        contact_id: int,
        amount: Decimal,
        on: date | str,
        *,
        matter_id: int | None = None,
        bank_account_id: int | None = None,
        source: str = "",
        reference: str = "",
        description: str = "",
    ) -> int:
        """Money of the contact out of trust, to the payee in ``source``; refused beyond what is held."""
        held = bank_account_id or self.first_account("Trust")
        return self._entry(held, -money(amount), on, contact_id, matter_id, source, reference, description)

    @atomic
    def operating_entry(
        self,
        amount: Decimal,
        on: date | str,
        *,
        contact_id: int | None = None,
        matter_id: int | None = None,
        bank_account_id: int | None = None,
        source: str = "",
        reference: str = "",
        description: str = "",
    ) -> int:
        """A row typed into an operating account (below zero: money out, as for a refund); returns its id."""
        held = bank_account_id or self.first_account("Operating")
        return self._entry(held, money(amount), on, contact_id, matter_id, source, reference, description)

    @atomic
    def trust_transfer(
        self,
        amount: Decimal,
        on: date | str,
        *,
        contact_id: int,
        to_contact_id: int | None = None,
        matter_id: int | None = None,
        to_matter_id: int | None = None,
        bank_account_id: int | None = None,
        to_bank_account_id: int | None = None,
        description: str = "Transfer",
        reference: str = "",
    ) -> tuple[int, int]:
        """Moves trust money between contacts, matters or accounts; returns the two rows, out and in."""
        out = bank_account_id or self.first_account("Trust")
        into = to_bank_account_id or out
        receiver = to_contact_id or contact_id
        sum_ = money(amount)
        return (
            self._entry(out, -sum_, on, contact_id, matter_id, "", reference, description),
            self._entry(into, sum_, on, receiver, to_matter_id, "", reference, description),
        )

    @atomic
    def edit_bank_transaction(self, row_id: int, **changes: Any) -> None:
        """Changes date, amount (below zero: out), reference, description, source, contact_id or matter_id of a row."""
        if unknown := changes.keys() - _EDITABLE:
            raise OfficeError(f"A bank transaction has no {', '.join(sorted(unknown))} to edit.")
        row = self._free_row(row_id)
        before = money(row["signed"])
        after = money(changes.get("amount", before))
        client, matter = row["client_id"], row["matter_id"]
        row["client_id"] = changes.get("contact_id", client)
        row["matter_id"] = changes.get("matter_id", matter)
        self._hold(row["bank_account_id"], client, matter, -before, check=False)
        self._hold(row["bank_account_id"], row["client_id"], row["matter_id"], after)
        self._hold(row["bank_account_id"], client, matter, ZERO)
        row["date"] = day(changes.get("date", row["date"]))
        row["confirmation"] = changes.get("reference", row["confirmation"])
        row |= {name: changes[name] for name in ("description", "source") if name in changes}
        self._resize(row, after)

    @atomic
    def delete_bank_transaction(self, row_id: int) -> None:
        """The row is gone without a trace; refused when the money has been used."""
        row = self._free_row(row_id)
        self._hold(row["bank_account_id"], row["client_id"], row["matter_id"], -money(row["signed"]))
        self._remove_row(row)

    def first_account(self, type: str) -> int:
        """Id of the account's own default account of that type."""
        for doc in self.all("bank_account"):
            if doc["type"] == type:
                return int(doc["id"])
        raise OfficeError(f"There is no {type} account.")

    def held(self, bank_account_id: int, contact_id: int, matter_id: int | None = None) -> Decimal:
        """What is held in that account for the contact (or for one matter of theirs)."""
        found = self.find("fund", "owner", f"{bank_account_id}:{contact_id}:{matter_id or ''}")
        return money(found[0]["balance"]) if found else ZERO

    def _entry(
        self,
        bank_account_id: int,
        signed: Decimal,
        on: date | str,
        contact_id: int | None,
        matter_id: int | None,
        source: str,
        reference: str,
        description: str,
    ) -> int:
        if not signed:
            raise OfficeError("The amount must not be zero.")
        self._hold(bank_account_id, contact_id, matter_id, signed, check=self._account_type(bank_account_id) == "Trust")
        row = self._add_row(
            bank_account_id,
            signed,
            on,
            client_id=contact_id,
            matter_id=matter_id,
            source=source,
            confirmation=reference,
            description=description,
        )
        return int(row["id"])

    def _free_row(self, row_id: int) -> Doc:
        row = self.take("bank_transaction", row_id)
        if row["payment_id"]:
            raise OfficeError("This row belongs to a payment; edit the payment.")
        return row

    def _hold(
        self,
        bank_account_id: int,
        contact_id: int | None,
        matter_id: int | None,
        change: Decimal,
        *,
        check: bool = True,
    ) -> None:
        """Moves the money held for a contact or matter; OfficeError where that would go below zero."""
        account = self.take("bank_account", bank_account_id)
        if contact_id is None:
            return
        owner = f"{bank_account_id}:{contact_id}:{matter_id or ''}"
        found = self.find("fund", "owner", owner)
        balance = (money(found[0]["balance"]) if found else ZERO) + change
        if check and change <= 0 and balance < 0:
            raise OfficeError(f"{account['name']} does not hold enough for this.")
        if not found:
            if change:
                self.add(
                    "fund",
                    owner=owner,
                    bank_account_id=bank_account_id,
                    client_id=contact_id,
                    matter_id=matter_id,
                    balance=balance,
                )
        elif change:
            self.save("fund", {**found[0], "balance": balance})

    def _add_row(self, bank_account_id: int, signed: Decimal, on: date | str, **values: Any) -> Doc:
        account = self.take("bank_account", bank_account_id)
        row = self.add(
            "bank_transaction",
            **{
                "type": "liability" if account["type"] == "Trust" else "asset",
                "bank_account_id": bank_account_id,
                "signed": signed,
                "date": day(on),
                "currency": account["currency"],
                "currency_id": account["currency_id"],
                "exchange_rate": Decimal(1),
                "transaction_type": "deposit" if signed > 0 else "withdrawal",
                "running": money(account["balance"]) + signed,
                "client_id": None,
                "matter_id": None,
                "bill_id": None,
                "allocation_id": None,
                "payment_id": None,
                "source": "",
                "confirmation": "",
                "description": "",
                "online": False,
                **values,
            },
        )
        account["balance"] = row["running"]
        account["bank_transactions_count"] += 1
        self.save("bank_account", account)
        return row

    def _resize(self, row: Doc, signed: Decimal) -> None:
        """Saves a row whose amount may have moved, and the running balances after it."""
        change = signed - money(row["signed"])
        row["signed"] = signed
        row["running"] = money(row["running"]) + change
        self.save("bank_transaction", row)
        self._shift(row, change)

    def _remove_row(self, row: Doc) -> None:
        self.drop("bank_transaction", row["id"])
        self._shift(row, -money(row["signed"]), count=-1)

    def _shift(self, row: Doc, change: Decimal, count: int = 0) -> None:
        account = self.take("bank_account", row["bank_account_id"])
        account["balance"] = money(account["balance"]) + change
        account["bank_transactions_count"] += count
        self.save("bank_account", account)
        if not change:
            return
        for later in self.find("bank_transaction", "bank_account_id", row["bank_account_id"]):
            if later["id"] > row["id"]:
                later["running"] = money(later["running"]) + change
                self.save("bank_transaction", later, touch=False)

    def _account_type(self, bank_account_id: int | None) -> str:
        found = self.look("bank_account", bank_account_id)
        if bank_account_id and not found:
            raise NoSuchRecord(f"There is no bank account {bank_account_id}.")
        return str(found["type"]) if found else ""
