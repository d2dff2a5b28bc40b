"""Every kind of answer the QuickBooks stand-in gives validates against Intuit's schemas (needs SPEC_DIR)."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.quickbooks.members import SHAPES
from integrations.sandbox.quickbooks.shapes import ENTITIES, NAME_LISTS, Choice, Group, Many, Shape, Text
from tests.contract import qbo_schema
from tests.sandbox.test_quickbooks_money import check, journal_line
from tests.sandbox.test_quickbooks_oauth import Caller, applied, key, parsed, sales_line

if qbo_schema.available():

    class Watched(Caller):
        """A caller whose own requests are judged as well as every answer."""

        def __init__(self, **company: Any) -> None:
            super().__init__(**company)
            self.answers = 0
            self.watch = self._judge

        def _judge(self, body: Mapping[str, Any]) -> None:
            self.answers += 1
            qbo_schema.check_answer(body)

        def made(self, entity: str, body: dict[str, Any]) -> dict[str, Any]:
            qbo_schema.check_request(entity, "create", body)
            return self.post(entity.lower(), body)

    def lists(caller: Watched) -> dict[str, str]:
        """One of each name list, by entity."""
        income = {"value": caller.office.account_id("services")}
        bodies: dict[str, dict[str, Any]] = {
            "Customer": {
                "DisplayName": "Ann Lee",
                "GivenName": "Ann",
                "PrimaryEmailAddr": {"Address": "a@b.co"},
                "BillAddr": {"Line1": "1 Main St", "City": "Austin", "Country": "USA"},
            },
            "Vendor": {"DisplayName": "Depot"},
            "Employee": {"GivenName": "Emma", "FamilyName": "Stone"},
            "Account": {"Name": "Trust bank", "AccountType": "Bank", "AccountSubType": "TrustAccounts"},
            "Item": {"Name": "Legal Fees", "Type": "Service", "IncomeAccountRef": income},
            "Class": {"Name": "North"},
            "Department": {"Name": "Austin"},
            "Term": {"Name": "Net 10", "DueDays": 10},
            "PaymentMethod": {"Name": "Wire", "Type": "NON_CREDIT_CARD"},
        }
        return {entity: str(caller.made(entity, body)["Id"]) for entity, body in bodies.items()}

    def sales(caller: Watched, made: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """An invoice and the payment of part of it; a credit memo, a receipt, an estimate and a refund beside them."""
        line = sales_line(made["Item"], "100", Qty=2, UnitPrice=50, ClassRef={"value": made["Class"]})
        note = {"DetailType": "DescriptionOnly", "Description": "Matter 42", "DescriptionLineDetail": {}}
        discount = {"DetailType": "DiscountLineDetail", "Amount": 5, "DiscountLineDetail": {"PercentBased": False}}
        body = {"CustomerRef": {"value": made["Customer"]}, "Line": [line], "TxnDate": "2026-03-01"}
        invoice = caller.made("Invoice", {**body, "DocNumber": "A-1", "Line": [line, note, discount]})
        memo = caller.made("CreditMemo", {**body, "DocNumber": "CN-1"})
        bank = {"value": caller.office.account_id("checking")}
        caller.made("SalesReceipt", body)
        caller.made("Estimate", body)
        caller.made("RefundReceipt", {**body, "DepositToAccountRef": bank})
        payment = caller.made(
            "Payment",
            {
                "CustomerRef": body["CustomerRef"],
                "TotalAmt": 50,
                "PaymentMethodRef": {"value": made["PaymentMethod"]},
                "Line": [applied(invoice["Id"], "80"), applied(memo["Id"], "40", "CreditMemo")],
            },
        )
        return invoice, payment

    def bank(caller: Watched, made: Mapping[str, str]) -> None:
        """A journal entry, a check, a transfer, a deposit of a payment."""
        office = caller.office
        checking, income = office.account_id("checking"), office.account_id("services")
        caller.made(
            "JournalEntry",
            {
                "DocNumber": "J-1",
                "Line": [journal_line(checking, 5, "Debit", made["Customer"]), journal_line(income, 5, "Credit")],
            },
        )
        caller.made("Purchase", check(caller, income, EntityRef={"value": made["Vendor"], "type": "Vendor"}))
        accounts = {"FromAccountRef": {"value": checking}, "ToAccountRef": {"value": made["Account"]}}
        caller.made("Transfer", {**accounts, "Amount": Decimal("2.5")})
        paid = caller.made("Payment", {"CustomerRef": {"value": made["Customer"]}, "TotalAmt": 7})
        direct = {
            "Amount": 3,
            "DetailType": "DepositLineDetail",
            "DepositLineDetail": {"AccountRef": {"value": income}},
        }
        lines = [applied(paid["Id"], "7", "Payment", TxnLineId="0"), direct]
        caller.made("Deposit", {"DepositToAccountRef": {"value": checking}, "Line": lines})

    def test_every_entity_is_created_read_and_queried_as_the_schema_says() -> None:
        caller = Watched()
        made = lists(caller)
        sales(caller, made)
        bank(caller, made)
        for entity in ENTITIES:
            rows = caller.query(f"select * from {entity}")[entity]
            if entity not in ("CompanyInfo", "Preferences"):
                caller.get(f"{entity.lower()}/{rows[0]['Id']}")
        caller.get("preferences")
        caller.get(f"companyinfo/{caller.office.realm}")
        caller.query("select Id, DocNumber from Invoice")
        caller.query("select count(*) from Invoice")
        caller.query("select * from Invoice where DocNumber = 'none'")
        assert caller.answers > 2 * len(ENTITIES)
        assert caller.balanced()

    def test_updates_voids_deletes_and_changes_are_as_the_schema_says() -> None:
        caller = Watched()
        made = lists(caller)
        invoice, payment = sales(caller, made)
        for entity in NAME_LISTS:
            current = caller.get(f"{entity.lower()}/{made[entity]}")
            caller.post(entity.lower(), {**key(current), "sparse": True, "Active": False})
        body = {**key(payment), "sparse": True}
        qbo_schema.check_request("Payment", "void", body)
        caller.post("payment", body, operation="update", include="void")
        caller.post("invoice", key(caller.get(f"invoice/{invoice['Id']}")), operation="void")
        caller.post("invoice", key(caller.get(f"invoice/{invoice['Id']}")), operation="delete")
        since = (caller.store.now() - timedelta(hours=1)).isoformat(timespec="seconds")
        answer = caller.call("GET", "cdc", entities="Customer,Invoice,Payment,Deposit", changedSince=since)
        assert b'"status":"Deleted"' in answer.body

    def test_batches_and_both_kinds_of_fault_are_as_the_schema_says() -> None:
        caller = Watched()
        items = [
            {"bId": "a", "operation": "create", "Customer": {"DisplayName": "Ann"}},
            {"bId": "b", "operation": "create", "Customer": {"DisplayName": "Ann"}},
            {"bId": "c", "Query": "select * from Account"},
        ]
        qbo_schema.check_request("", "batch", {"BatchItemRequest": items})
        answers = parsed(caller.call("POST", "batch", {"BatchItemRequest": items}))["BatchItemResponse"]
        assert [next(iter(set(item) - {"bId"})) for item in answers] == ["Customer", "Fault", "QueryResponse"]
        caller.call("POST", "customer", {"DisplayName": "Ann"})
        caller.stand_in.fail_next("500_before")
        assert caller.call("GET", "preferences").status == 500
        caller.limits(second=1)
        assert [caller.call("GET", "preferences").status for _ in range(2)][-1] == 429
        caller.limits(second=0)
        caller.store.advance(4000)
        assert caller.call("GET", "preferences").status == 401

    def test_a_company_abroad_answers_as_the_schema_says() -> None:
        caller = Watched(country="GB", currency="GBP", multicurrency=True)
        customer = caller.made("Customer", {"DisplayName": "Zoë", "CurrencyRef": {"value": "EUR"}})["Id"]
        line = {
            "DetailType": "SalesItemLineDetail",
            "Amount": 100,
            "SalesItemLineDetail": {"ItemRef": {"value": caller.item()}, "TaxCodeRef": {"value": "2"}},
        }
        body = {
            "CustomerRef": {"value": customer},
            "Line": [line],
            "CurrencyRef": {"value": "EUR"},
            "ExchangeRate": Decimal("0.85"),
            "GlobalTaxCalculation": "TaxExcluded",
        }
        assert caller.made("Invoice", body)["TotalAmt"] == 120
        assert len(caller.query("select * from TaxCode")["TaxCode"]) == 3

    def differences(shape: Shape, schema: Mapping[str, Any], path: str) -> list[str]:
        """Where the stand-in knows a member, a length or a value that Intuit's schema does not."""
        schema = qbo_schema.resolved(schema)
        if isinstance(shape, Text) and schema.get("maxLength", shape.max) != shape.max:
            return [f"{path}: {shape.max} is not {schema['maxLength']}"]
        if isinstance(shape, Choice) and not set(shape.values) <= set(schema.get("enum", shape.values)):
            return [f"{path}: {shape.values}"]
        if isinstance(shape, Many):
            return differences(shape.item, schema["items"], f"{path}[]")
        if not isinstance(shape, Group):
            return []
        unknown = [f"{path}.{name} is unknown" for name in shape.members if name not in schema["properties"]]
        known = {name: one for name, one in shape.members.items() if name in schema["properties"]}
        return unknown + [
            found
            for name, one in known.items()
            for found in differences(one, schema["properties"][name], f"{path}.{name}")
        ]

    def test_the_known_members_and_lengths_are_those_of_the_schema() -> None:
        found = [
            line
            for entity, members in SHAPES.items()
            for line in differences(Group(members), {"$ref": f"#/$defs/{entity}"}, entity)
        ]
        assert found == []
