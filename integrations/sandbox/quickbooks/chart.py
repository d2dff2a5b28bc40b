"""What a new company starts with: chart of accounts, terms, payment methods, preferences."""

from collections.abc import Mapping
from typing import Any

# role or "" -> (name, account type, detail type)
ACCOUNTS: tuple[tuple[str, str, str, str], ...] = (
    ("receivable", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("undeposited", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("checking", "Checking", "Bank", "Checking"),
    ("", "Savings", "Bank", "Savings"),
    ("services", "Services", "Income", "ServiceFeeIncome"),
    ("", "Sales of Product Income", "Income", "SalesOfProductIncome"),
    ("discount", "Discounts given", "Income", "DiscountsRefundsGiven"),
    ("", "Interest Earned", "Other Income", "InterestEarned"),
    ("payable", "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    ("sales_tax", "Sales Tax Payable", "Other Current Liability", "SalesTaxPayable"),
    ("", "Business Credit Card", "Credit Card", "CreditCard"),
    ("", "Legal & Professional Fees", "Expense", "LegalProfessionalFees"),
    ("", "Office Expenses", "Expense", "OfficeGeneralAdministrativeExpenses"),
    ("", "Bank Charges & Fees", "Expense", "BankCharges"),
    ("", "Reimbursable Expenses", "Expense", "OtherBusinessExpenses"),
    ("opening_equity", "Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    ("retained_earnings", "Retained Earnings", "Equity", "RetainedEarnings"),
)
TERMS: tuple[tuple[str, int], ...] = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
PAYMENT_METHODS: tuple[tuple[str, str], ...] = (
    ("Cash", "NON_CREDIT_CARD"),
    ("Check", "NON_CREDIT_CARD"),
    ("Credit Card", "CREDIT_CARD"),
)
CURRENCY_NAMES: Mapping[str, str] = {
    "USD": "United States Dollar",
    "CAD": "Canadian Dollar",
    "GBP": "British Pound Sterling",
    "AUD": "Australian Dollar",
    "EUR": "Euro",
}


def preferences(
    currency: str, *, custom_numbers: bool, multicurrency: bool, duplicate_bill_warning: bool | None, taxed: bool
) -> dict[str, Any]:
    """The Preferences document; ``duplicate_bill_warning`` None leaves that setting out."""
    pairs = [
        {"Name": "SalesFormsPrefs.DefaultCustomerMessage", "Value": "Thank you for your business."},
        {"Name": "DateFormat", "Value": "MM/dd/yyyy"},
        {"Name": "ProjectsEnabled", "Value": "false"},
        {"Name": "WarnDuplicateCheckNumber", "Value": "true"},
        {"Name": "WarnDuplicateJournalNumber", "Value": "false"},
        {"Name": "VendorAndPurchasesPrefs.UseCustomTxnNumbers", "Value": "true"},
    ]
    if duplicate_bill_warning is not None:
        pairs.append({"Name": "WarnDuplicateBillNumber", "Value": str(duplicate_bill_warning).lower()})
    return {
        "AccountingInfoPrefs": {
            "FirstMonthOfFiscalYear": "January",
            "UseAccountNumbers": False,
            "TrackDepartments": False,
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": False,
            "CustomerTerminology": "Customers",
        },
        "SalesFormsPrefs": {
            "CustomTxnNumbers": custom_numbers,
            "AllowDiscount": True,
            "AllowDeposit": False,
            "AllowServiceDate": True,
            "AllowShipping": False,
            "AllowEstimates": True,
            "AutoApplyCredit": False,
            "AutoApplyPayments": False,
            "ETransactionPaymentEnabled": False,
        },
        "TaxPrefs": {"UsingSalesTax": taxed, **({"PartnerTaxEnabled": True} if taxed else {})},
        "CurrencyPrefs": {"MultiCurrencyEnabled": multicurrency, "HomeCurrency": {"value": currency}},
        "ReportPrefs": {"ReportBasis": "Accrual"},
        "OtherPrefs": {"NameValue": pairs},
    }


def company_info(name: str, country: str) -> dict[str, Any]:
    return {
        "CompanyName": name,
        "LegalName": name,
        "Country": country,
        "FiscalYearStartMonth": "January",
        "SupportedLanguages": "en",
        "CompanyAddr": {"Country": country},
        "NameValue": [
            {"Name": "SubscriptionStatus", "Value": "PAID"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
        ],
    }
