"""Name lists: customers, vendors, employees, accounts, items, classes, locations, terms, payment methods."""

from collections.abc import Mapping
from decimal import Decimal

from integrations.sandbox.quickbooks import faults
from integrations.sandbox.quickbooks.company import DELETED, Company, money, plain_name, ref_id
from integrations.sandbox.quickbooks.ledger import CUSTOMER_TOTAL, total_of
from integrations.sandbox.quickbooks.members import NAME_FORBIDS
from integrations.sandbox.quickbooks.shapes import ACCOUNT_TYPES, PEOPLE
from integrations.sandbox.store import Doc

_NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_MAX_LEVEL = 4
_SINGULAR = ("UndepositedFunds", "RetainedEarnings", "OpeningBalanceEquity")
_BALANCE_SHEET = ("Asset", "Liability")

# The detail types of each account type; the first is the one an account of that type alone gets.
SUBTYPES: Mapping[str, tuple[str, ...]] = {
    "Bank": (
        "CashOnHand",
        "Checking",
        "MoneyMarket",
        "RentsHeldInTrust",
        "Savings",
        "TrustAccounts",
        "CashAndCashEquivalents",
        "OtherEarMarkedBankAccounts",
    ),
    "Accounts Receivable": ("AccountsReceivable",),
    "Other Current Asset": (
        "OtherCurrentAssets",
        "AllowanceForBadDebts",
        "DevelopmentCosts",
        "EmployeeCashAdvances",
        "Inventory",
        "LoansToOfficers",
        "LoansToOthers",
        "LoansToStockholders",
        "PrepaidExpenses",
        "Retainage",
        "UndepositedFunds",
    ),
    "Fixed Asset": (
        "FurnitureAndFixtures",
        "AccumulatedDepreciation",
        "Buildings",
        "Land",
        "LeaseholdImprovements",
        "MachineryAndEquipment",
        "OtherFixedAssets",
        "Vehicles",
    ),
    "Other Asset": ("OtherLongTermAssets", "Goodwill", "Licenses", "OrganizationalCosts", "SecurityDeposits"),
    "Accounts Payable": ("AccountsPayable",),
    "Credit Card": ("CreditCard",),
    "Other Current Liability": (
        "OtherCurrentLiabilities",
        "DeferredRevenue",
        "DirectDepositPayable",
        "FederalIncomeTaxPayable",
        "GlobalTaxPayable",
        "GlobalTaxSuspense",
        "LineOfCredit",
        "LoanPayable",
        "PayrollClearing",
        "PayrollTaxPayable",
        "PrepaidExpensesPayable",
        "RentsInTrustLiability",
        "SalesTaxPayable",
        "StateLocalIncomeTaxPayable",
        "TrustAccountsLiabilities",
    ),
    "Long Term Liability": ("OtherLongTermLiabilities", "NotesPayable", "ShareholderNotesPayable"),
    "Equity": (
        "OwnersEquity",
        "OpeningBalanceEquity",
        "PartnersEquity",
        "PartnerContributions",
        "RetainedEarnings",
        "CommonStock",
        "PaidInCapitalOrSurplus",
        "PartnerDistributions",
        "PreferredStock",
        "TreasuryStock",
    ),
    "Income": (
        "SalesOfProductIncome",
        "ServiceFeeIncome",
        "DiscountsRefundsGiven",
        "NonProfitIncome",
        "OtherPrimaryIncome",
        "UnappliedCashPaymentIncome",
    ),
    "Other Income": (
        "OtherMiscellaneousIncome",
        "DividendIncome",
        "InterestEarned",
        "OtherInvestmentIncome",
        "TaxExemptInterest",
        "GainLossOnSaleOfFixedAssets",
    ),
    "Cost of Goods Sold": (
        "SuppliesMaterialsCogs",
        "CostOfLaborCos",
        "EquipmentRentalCos",
        "OtherCostsOfServiceCos",
        "ShippingFreightDeliveryCos",
    ),
    "Expense": (
        "OfficeGeneralAdministrativeExpenses",
        "AdvertisingPromotional",
        "Auto",
        "BadDebts",
        "BankCharges",
        "CharitableContributions",
        "CostOfLabor",
        "DuesSubscriptions",
        "Entertainment",
        "EquipmentRental",
        "FinanceCosts",
        "Insurance",
        "InterestPaid",
        "LegalProfessionalFees",
        "OtherBusinessExpenses",
        "OtherMiscellaneousServiceCost",
        "PayrollExpenses",
        "PromotionalMeals",
        "RentOrLeaseOfBuildings",
        "RepairMaintenance",
        "ShippingFreightDelivery",
        "SuppliesMaterials",
        "TaxesPaid",
        "Travel",
        "TravelMeals",
        "UnappliedCashBillPaymentExpense",
        "Utilities",
    ),
    "Other Expense": (
        "OtherMiscellaneousExpense",
        "Depreciation",
        "ExchangeGainOrLoss",
        "PenaltiesSettlements",
        "Amortization",
    ),
    "Non-Posting": (),
}
_TYPE_OF = {subtype: type_ for type_, subtypes in SUBTYPES.items() for subtype in subtypes}


def prepare(company: Company, entity: str, doc: Doc, old: Doc | None) -> None:
    """Completes a list entry: its name, its place under a parent, what its kind requires. Raises Refusal."""
    doc.setdefault("Active", True)
    if entity in PEOPLE:
        _prepare_person(company, entity, doc, old)
    else:
        _prepare_named(company, entity, doc, old)
    if entity == "Account":
        _prepare_account(company, doc, old)
    if entity == "Item":
        _prepare_item(company, doc)
    if entity == "Term" and "DueDays" not in doc and "DayOfMonthDue" not in doc:
        raise faults.missing("DueDays")


def _prepare_person(company: Company, entity: str, doc: Doc, old: Doc | None) -> None:
    name = _wanted_name(doc, old, "DisplayName") or " ".join(doc[part] for part in _NAME_PARTS if part in doc)
    if not name.strip():
        raise faults.Refusal("6080", "No name provided", "At least one name member has to have a value.", "DisplayName")
    if any(character in name for character in NAME_FORBIDS):
        raise faults.bad_characters(name, "DisplayName")
    if len(name) > 500:
        raise faults.wrong_length("DisplayName", 500, len(name))
    _refuse_taken_person(company, name, entity, doc)
    doc["DisplayName"] = name if doc["Active"] else name + DELETED
    doc.setdefault("PrintOnCheckName", name[: 110 if entity == "Customer" else 100])
    if entity != "Employee":
        doc.setdefault("CurrencyRef", {"value": company.currency})
    if old and ref_id(old, "CurrencyRef") != ref_id(doc, "CurrencyRef"):
        raise faults.business("The currency of a name cannot be changed.", "CurrencyRef")
    if entity == "Customer":
        _place_under_parent(company, doc)
        doc.setdefault("Taxable", False)
        doc.setdefault("PreferredDeliveryMethod", "None")
    doc["FullyQualifiedName"] = _qualified(company, entity, doc, doc["DisplayName"])


def _wanted_name(doc: Doc, old: Doc | None, member: str) -> str:
    """The plain name: what was sent, less the suffix an inactive entry already carries."""
    name = str(doc.get(member, "")).strip()
    if old is not None and (old.get("Active") is False or not doc["Active"]):
        return name.removesuffix(DELETED)
    return name


def _refuse_taken_person(company: Company, name: str, entity: str, doc: Doc) -> None:
    inactive_block = company.switch("inactive_names") == "taken"
    for kind in PEOPLE:
        for other in company.find(kind, "name", name.casefold()):
            itself = kind == entity and other["Id"] == doc.get("Id")
            if not itself and (other.get("Active", True) or inactive_block):
                raise faults.duplicate_name()


def _place_under_parent(company: Company, doc: Doc) -> None:
    parent_id = ref_id(doc, "ParentRef")
    doc["Job"] = bool(parent_id)
    doc["IsProject"] = False
    if not parent_id:
        doc.pop("Level", None)
        doc.setdefault("BillWithParent", False)
        return
    chain = [parent_id]
    while parent := company.read("Customer", chain[-1]):
        if chain[-1] == doc.get("Id") or len(chain) > _MAX_LEVEL:
            raise faults.business("A sub-customer can be at most four levels below its top customer.", "ParentRef")
        if "ParentRef" not in parent:
            break
        chain.append(ref_id(parent, "ParentRef"))
    doc["Level"] = len(chain)
    doc.setdefault("BillWithParent", False)


def _qualified(company: Company, entity: str, doc: Doc, name: str) -> str:
    parent = company.read(entity, ref_id(doc, "ParentRef")) if "ParentRef" in doc else None
    return f"{parent['FullyQualifiedName']}:{name}" if parent else name


def _prepare_named(company: Company, entity: str, doc: Doc, old: Doc | None) -> None:
    name = _wanted_name(doc, old, "Name")
    if not name:
        raise faults.missing("Name")
    for other in company.find(entity, "name", name.casefold()):
        same_parent = ref_id(other, "ParentRef") == ref_id(doc, "ParentRef")
        if other["Id"] != doc.get("Id") and same_parent and other.get("Active", True):
            raise faults.duplicate_name(people=False)
    if ref_id(doc, "ParentRef") and ref_id(doc, "ParentRef") == doc.get("Id"):
        raise faults.business("An entry cannot be its own parent.", "ParentRef")
    doc["Name"] = name if doc["Active"] else name + DELETED
    if entity in ("Account", "Item", "Class", "Department"):
        doc["FullyQualifiedName"] = _qualified(company, entity, doc, doc["Name"])
    sub = {"Account": "SubAccount", "Item": "SubItem", "Class": "SubClass", "Department": "SubDepartment"}.get(entity)
    if sub:
        doc[sub] = "ParentRef" in doc


def _prepare_account(company: Company, doc: Doc, old: Doc | None) -> None:
    subtype = doc.get("AccountSubType")
    if subtype is None and "AccountType" not in doc:
        raise faults.Refusal(
            "6010",
            "AccountType or AccountSubType needed",
            "Either AccountType or AccountSubType has to be supplied.",
            "AccountType",
        )
    if subtype is not None and subtype not in _TYPE_OF:
        raise faults.bad_choice(subtype, "AccountSubType")
    if subtype is None:
        subtype = next(iter(SUBTYPES[doc["AccountType"]]), "")
    doc.setdefault("AccountType", _TYPE_OF.get(subtype, ""))
    if subtype and _TYPE_OF[subtype] != doc["AccountType"]:
        raise faults.business(f"{subtype} is not a detail type of {doc['AccountType']}.", "AccountSubType")
    if old is None and subtype in _SINGULAR:
        _refuse_second_singular(company, subtype)
    doc["AccountSubType"] = subtype
    doc["Classification"] = ACCOUNT_TYPES[doc["AccountType"]]
    doc.setdefault("CurrencyRef", {"value": company.currency})


def _refuse_second_singular(company: Company, subtype: str) -> None:
    if any(account["AccountSubType"] == subtype for account in company.scan("Account")):
        raise faults.business("There can be only one account of singular detail type.", "AccountSubType")


def _prepare_item(company: Company, doc: Doc) -> None:
    if "Type" not in doc:
        raise faults.missing("Type")
    if doc["Type"] == "Inventory":
        raise faults.Refusal("5030", "Feature Not Supported", "Inventory tracking is turned off for this company.")
    if doc["Type"] == "Category":
        return
    if "IncomeAccountRef" not in doc:
        raise faults.missing("IncomeAccountRef")
    doc.setdefault("Taxable", False)
    account = company.read("Account", ref_id(doc, "IncomeAccountRef"))
    assert account is not None
    if account["AccountType"] in ("Accounts Receivable", "Accounts Payable", "Non-Posting"):
        raise faults.wrong_account_type()
    rule = company.switch("item_on_balance_sheet_account")
    if account["Classification"] not in _BALANCE_SHEET or rule == "accepted":
        return
    if rule == "refused_2500":
        raise faults.bad_reference("Accounts", account["Id"])
    raise faults.business("You can only assign an income account to this item.", "IncomeAccountRef")


def after(company: Company, entity: str, doc: Doc, old: Doc | None) -> None:
    """Carries a changed name into the qualified names of the entries below."""
    if old is None or old.get("FullyQualifiedName") == doc.get("FullyQualifiedName"):
        return
    for child in company.find(entity, "parent", doc["Id"]):
        before = dict(child)
        name = child.get("DisplayName") or child["Name"]
        child["FullyQualifiedName"] = _qualified(company, entity, child, name)
        child["ParentRef"] = {**child["ParentRef"], "name": plain_name(doc)}
        company.replace(entity, child)
        after(company, entity, child, before)


def with_balances(company: Company, customer: Doc) -> Doc:
    """A customer with Balance and BalanceWithJobs as the ledger has them."""
    own = total_of(company, CUSTOMER_TOTAL, customer["Id"])
    return {**customer, "Balance": own, "BalanceWithJobs": own + _balance_of_jobs(company, customer["Id"])}


def _balance_of_jobs(company: Company, id: str) -> Decimal:
    total = money(0)
    for child in company.find("Customer", "parent", id):
        total += total_of(company, CUSTOMER_TOTAL, child["Id"]) + _balance_of_jobs(company, child["Id"])
    return total
