"""The members each QuickBooks entity knows, with their limits (API reference; unknown ones are refused with 2010)."""

from collections.abc import Mapping

from integrations.sandbox.quickbooks.shapes import (
    ACCOUNT_TYPES,
    PEOPLE,
    Choice,
    Day,
    Email,
    Flag,
    Group,
    Many,
    Number,
    ReadOnly,
    Reference,
    Shape,
    Text,
)

# fmt: off
TEXT, NUMBER, FLAG, DAY, IGNORED = Text(), Number(), Flag(), Day(), ReadOnly()
FREE = Reference()
CUSTOMER = Reference(("Customer",), "Names")
ACCOUNT = Reference(("Account",), "Accounts")
ITEM = Reference(("Item",), "Item")
CLASS = Reference(("Class",), "Klasses")
DEPARTMENT = Reference(("Department",), "Departments")
TERM = Reference(("Term",), "Terms")
METHOD = Reference(("PaymentMethod",), "PaymentMethods")
PAYEE = Reference(PEOPLE, "Names")
TAX_CODE = Reference(("TaxCode",), "TaxCode")
NAME_FORBIDS = ":\t\n\r"

_ADDRESS = Group(
    {f"Line{n}": Text(500) for n in range(1, 6)}
    | {name: Text(255) for name in ("City", "Country", "CountrySubDivisionCode", "CountryCode")}
    | {"Id": Text(50), "County": Text(25), "PostalCode": Text(30), "PostalCodeSuffix": Text(30), "Note": TEXT}
    | {"Lat": IGNORED, "Long": IGNORED}
)
_PHONE = Group({"FreeFormNumber": Text(30), "Id": Text(50)})
_EMAIL = Group({"Address": Email(), "Id": Text(50)})
_WEB = Group({"URI": Text(1000), "Id": Text(50)})
_CUSTOM = Many(Group({"DefinitionId": Text(50), "Name": Text(100), "StringValue": TEXT,
                      "Type": Choice(("StringType", "BooleanType", "NumberType", "DateType"))}))
_LINKED = Many(Group({"TxnId": Text(50), "TxnType": Text(50), "TxnLineId": Text(50)}))
_COMMON: Mapping[str, Shape] = {
    "Id": Text(50), "SyncToken": Text(50), "sparse": FLAG, "MetaData": IGNORED, "domain": IGNORED, "status": IGNORED,
    "CustomField": _CUSTOM, "AttachableRef": IGNORED,
}
_NAME_PARTS: Mapping[str, Shape] = {
    "Title": Text(16), "Suffix": Text(16), "GivenName": Text(100), "MiddleName": Text(100), "FamilyName": Text(100),
}
_PERSON: Mapping[str, Shape] = {
    **_COMMON, **_NAME_PARTS, "DisplayName": Text(500, NAME_FORBIDS), "CompanyName": Text(100),
    "PrintOnCheckName": Text(110, ":"), "Active": FLAG, "PrimaryEmailAddr": _EMAIL, "PrimaryPhone": _PHONE,
    "AlternatePhone": _PHONE, "Mobile": _PHONE, "Fax": _PHONE, "WebAddr": _WEB, "FullyQualifiedName": IGNORED,
    "V4IDPseudonym": IGNORED,
}
_CUSTOMER: Mapping[str, Shape] = {
    **_PERSON, "CurrencyRef": FREE, "BillAddr": _ADDRESS, "ShipAddr": _ADDRESS, "Notes": Text(2000), "Source": IGNORED,
    "ResaleNum": Text(16), "Job": FLAG, "BillWithParent": FLAG, "Taxable": FLAG,
    "ParentRef": CUSTOMER, "SalesTermRef": TERM, "PaymentMethodRef": METHOD, "DefaultTaxCodeRef": TAX_CODE,
    "PreferredDeliveryMethod": Choice(("Print", "Email", "None")), "OpenBalanceDate": DAY, "AcctNum": Text(99),
    "CustomerTypeRef": FREE, "TaxExemptionReasonId": Text(20), "ARAccountRef": ACCOUNT,
    "PrimaryTaxIdentifier": Text(20), "SecondaryTaxIdentifier": Text(20), "BusinessNumber": Text(10),
} | dict.fromkeys(("Balance", "BalanceWithJobs", "Level", "IsProject", "ClientEntityId"), IGNORED)
_VENDOR: Mapping[str, Shape] = {
    **_PERSON, "CurrencyRef": FREE, "BillAddr": _ADDRESS, "Notes": Text(1024), "Source": IGNORED,
    "PrintOnCheckName": Text(100, ":"), "AcctNum": Text(100), "TermRef": TERM,
    "Vendor1099": FLAG, "TaxIdentifier": Text(20),
    "BillRate": NUMBER, "CostRate": NUMBER, "Balance": IGNORED,
}
_EMPLOYEE: Mapping[str, Shape] = {
    **_PERSON, "PrimaryAddr": _ADDRESS, "Notes": Text(4000), "PrintOnCheckName": Text(100, ":"),
    "EmployeeNumber": Text(100), "HiredDate": DAY, "ReleasedDate": DAY,
    "BirthDate": DAY, "BillableTime": FLAG, "BillRate": NUMBER, "CostRate": NUMBER, "SSN": Text(100),
    "Gender": Choice(("Male", "Female")), "Organization": IGNORED,
}
_ACCOUNT: Mapping[str, Shape] = {
    **_COMMON, "Name": Text(100, ':"'), "AccountType": Choice(tuple(ACCOUNT_TYPES)), "AccountSubType": Text(100),
    "AcctNum": Text(7, ":"), "Description": Text(100), "ParentRef": ACCOUNT, "Active": FLAG, "CurrencyRef": FREE,
    "TaxCodeRef": TAX_CODE, "TxnLocationType": Text(50), "AccountAlias": Text(100),
} | dict.fromkeys(("Classification", "FullyQualifiedName", "CurrentBalance", "CurrentBalanceWithSubAccounts",
                   "SubAccount", "OpeningBalance", "OpeningBalanceDate"), IGNORED)
_ITEM: Mapping[str, Shape] = {
    **_COMMON, "Name": Text(100, NAME_FORBIDS), "Type": Choice(("Service", "NonInventory", "Inventory", "Category")),
    "Sku": Text(100), "Description": Text(4000), "PurchaseDesc": Text(1000), "UnitPrice": NUMBER, "Active": FLAG,
    "PurchaseCost": NUMBER, "IncomeAccountRef": ACCOUNT, "ExpenseAccountRef": ACCOUNT, "AssetAccountRef": ACCOUNT,
    "Taxable": FLAG, "SalesTaxIncluded": FLAG, "PurchaseTaxIncluded": FLAG, "SubItem": FLAG, "ParentRef": ITEM,
    "SalesTaxCodeRef": TAX_CODE, "PurchaseTaxCodeRef": TAX_CODE, "ClassRef": CLASS, "TrackQtyOnHand": FLAG,
    "QtyOnHand": NUMBER, "InvStartDate": DAY, "TaxClassificationRef": FREE, "PrefVendorRef": PAYEE,
    "FullyQualifiedName": IGNORED, "Level": IGNORED, "Source": IGNORED,
}
_CLASS: Mapping[str, Shape] = {
    **_COMMON, "Name": Text(100, NAME_FORBIDS), "ParentRef": CLASS, "Active": FLAG,
    "SubClass": IGNORED, "FullyQualifiedName": IGNORED,
}
_DEPARTMENT: Mapping[str, Shape] = {
    **_COMMON, "Name": Text(100, NAME_FORBIDS), "ParentRef": DEPARTMENT, "Active": FLAG, "Address": _ADDRESS,
    "SubDepartment": IGNORED, "FullyQualifiedName": IGNORED,
}
_TERM: Mapping[str, Shape] = {
    **_COMMON, "Name": Text(31), "Active": FLAG, "Type": IGNORED, "DueDays": NUMBER, "DiscountPercent": NUMBER,
    "DiscountDays": NUMBER, "DayOfMonthDue": NUMBER, "DueNextMonthDays": NUMBER, "DiscountDayOfMonth": NUMBER,
}
_METHOD: Mapping[str, Shape] = {
    **_COMMON, "Name": Text(31), "Active": FLAG, "Type": Choice(("CREDIT_CARD", "NON_CREDIT_CARD")),
}
_SALES_DETAIL = Group({
    "ItemRef": ITEM, "ClassRef": CLASS, "UnitPrice": NUMBER, "Qty": NUMBER, "TaxCodeRef": TAX_CODE,
    "ServiceDate": DAY, "DiscountRate": NUMBER, "DiscountAmt": NUMBER, "MarkupInfo": Group({"Percent": NUMBER}),
    "TaxInclusiveAmt": NUMBER, "ItemAccountRef": ACCOUNT, "TaxClassificationRef": FREE,
})
_DISCOUNT_DETAIL = Group({
    "PercentBased": FLAG, "DiscountPercent": NUMBER, "DiscountAccountRef": ACCOUNT, "ClassRef": CLASS,
    "TaxCodeRef": TAX_CODE,
})
_LINE: Mapping[str, Shape] = {
    "Id": Text(50), "LineNum": NUMBER, "Description": Text(4000), "Amount": NUMBER, "LineEx": IGNORED,
    "ProjectRef": FREE, "CustomField": _CUSTOM,
}
_SALES_LINE = Group({
    **_LINE, "SalesItemLineDetail": _SALES_DETAIL, "DiscountLineDetail": _DISCOUNT_DETAIL,
    "SubTotalLineDetail": IGNORED,
    "DescriptionLineDetail": Group({"ServiceDate": DAY, "TaxCodeRef": TAX_CODE}), "LinkedTxn": _LINKED,
    "DetailType": Choice(("SalesItemLineDetail", "DescriptionOnly", "DiscountLineDetail", "SubTotalLineDetail")),
})
_TXN: Mapping[str, Shape] = {
    **_COMMON, "TxnDate": DAY, "PrivateNote": Text(4000), "CurrencyRef": FREE, "ExchangeRate": NUMBER,
    "DepartmentRef": DEPARTMENT, "TxnSource": IGNORED, "LinkedTxn": IGNORED,
    "TransactionLocationType": Text(100), "RecurDataRef": IGNORED, "ProjectRef": FREE, "TxnStatus": IGNORED,
}
_TAXED: Mapping[str, Shape] = {
    **_TXN, "GlobalTaxCalculation": Choice(("TaxExcluded", "TaxInclusive", "NotApplicable")),
}
_TAX_LINE = Group({"Amount": NUMBER, "DetailType": TEXT, "TaxLineDetail": Group({
    "TaxRateRef": FREE, "PercentBased": FLAG, "TaxPercent": NUMBER, "NetAmountTaxable": NUMBER,
    "TaxInclusiveAmount": NUMBER, "OverrideDeltaAmount": NUMBER})})
_TAX_DETAIL = Group({"TxnTaxCodeRef": FREE, "TotalTax": NUMBER, "TaxLine": Many(_TAX_LINE)})
_SALES: Mapping[str, Shape] = {
    **_TAXED, "DocNumber": Text(21), "AutoDocNumber": FLAG, "CustomerRef": CUSTOMER, "ClassRef": CLASS,
    "CustomerMemo": Group({"value": Text(1000)}), "BillAddr": _ADDRESS, "ShipAddr": _ADDRESS, "ShipFromAddr": _ADDRESS,
    "BillEmail": _EMAIL, "BillEmailCc": _EMAIL, "BillEmailBcc": _EMAIL, "SalesTermRef": TERM, "DueDate": DAY,
    "Line": Many(_SALES_LINE), "TxnTaxDetail": _TAX_DETAIL, "ApplyTaxAfterDiscount": FLAG, "ARAccountRef": ACCOUNT,
    "PrintStatus": Choice(("NotSet", "NeedToPrint", "PrintComplete")), "FreeFormAddress": FLAG,
    "EmailStatus": Choice(("NotSet", "NeedToSend", "EmailSent")), "ShipDate": DAY, "TrackingNum": Text(31),
    "ShipMethodRef": FREE, "PaymentMethodRef": METHOD, "PaymentRefNum": Text(21), "DepositToAccountRef": ACCOUNT,
    "SalesRepRef": FREE, "PONumber": Text(15),
} | dict.fromkeys(("TotalAmt", "HomeTotalAmt", "Balance", "HomeBalance", "DeliveryInfo", "TaxExemptionRef"), IGNORED)
_INVOICE: Mapping[str, Shape] = {
    **_SALES, "AllowOnlinePayment": FLAG, "AllowOnlineCreditCardPayment": FLAG, "AllowOnlineACHPayment": FLAG,
    "AllowIPNPayment": FLAG, "InvoiceLink": IGNORED, "EInvoiceStatus": IGNORED,
}
_CREDIT: Mapping[str, Shape] = {**_SALES, "RemainingCredit": IGNORED}
_REFUND: Mapping[str, Shape] = {**_SALES, "RemainingCredit": IGNORED, "PaymentRefNum": Text(100)}
_ESTIMATE: Mapping[str, Shape] = {
    **_SALES, "ExpirationDate": DAY, "AcceptedBy": TEXT, "AcceptedDate": DAY,
    "TxnStatus": Choice(("Pending", "Accepted", "Closed", "Rejected")),
}
_PAYMENT: Mapping[str, Shape] = {
    **_TXN, "CustomerRef": CUSTOMER, "TotalAmt": NUMBER, "DepositToAccountRef": ACCOUNT, "ARAccountRef": ACCOUNT,
    "PaymentMethodRef": METHOD, "PaymentRefNum": Text(21), "ProcessPayment": FLAG, "UnappliedAmt": IGNORED,
    "Line": Many(Group({"Id": IGNORED, "LineNum": IGNORED, "Amount": NUMBER, "LinkedTxn": _LINKED, "LineEx": IGNORED})),
}
_JOURNAL_DETAIL = Group({
    "PostingType": Choice(("Debit", "Credit")), "AccountRef": ACCOUNT, "ClassRef": CLASS, "DepartmentRef": DEPARTMENT,
    "Entity": Group({"Type": Choice(PEOPLE), "EntityRef": FREE}), "TaxCodeRef": TAX_CODE, "TaxAmount": NUMBER,
    "TaxApplicableOn": Choice(("Sales", "Purchase")), "JournalCodeRef": FREE,
    "BillableStatus": Choice(("Billable", "NotBillable", "HasBeenBilled")),
})
_JOURNAL: Mapping[str, Shape] = {
    **_TAXED, "DocNumber": Text(21), "Adjustment": FLAG, "TotalAmt": IGNORED, "HomeTotalAmt": IGNORED,
    "TxnTaxDetail": _TAX_DETAIL,
    "Line": Many(Group({**_LINE, "JournalEntryLineDetail": _JOURNAL_DETAIL,
                        "DetailType": Choice(("JournalEntryLineDetail", "DescriptionOnly")),
                        "DescriptionLineDetail": Group({"ServiceDate": DAY})})),
}
_DEPOSIT_DETAIL = Group({
    "AccountRef": ACCOUNT, "Entity": PAYEE, "PaymentMethodRef": METHOD, "CheckNum": Text(21), "ClassRef": CLASS,
    "TxnType": TEXT, "TaxCodeRef": TAX_CODE, "TaxApplicableOn": Choice(("Sales", "Purchase")),
})
_DEPOSIT: Mapping[str, Shape] = {
    **_TAXED, "DepositToAccountRef": ACCOUNT, "TotalAmt": IGNORED, "HomeTotalAmt": IGNORED,
    "TxnTaxDetail": _TAX_DETAIL,
    "CashBack": Group({"AccountRef": ACCOUNT, "Amount": NUMBER, "Memo": TEXT}),
    "Line": Many(Group({**_LINE, "DetailType": Choice(("DepositLineDetail",)), "DepositLineDetail": _DEPOSIT_DETAIL,
                        "LinkedTxn": _LINKED})),
}
_EXPENSE_DETAIL: Mapping[str, Shape] = {
    "CustomerRef": CUSTOMER, "ClassRef": CLASS, "TaxCodeRef": TAX_CODE, "TaxInclusiveAmt": NUMBER,
    "BillableStatus": Choice(("Billable", "NotBillable", "HasBeenBilled")), "MarkupInfo": Group({"Percent": NUMBER}),
}
_PURCHASE: Mapping[str, Shape] = {
    **_TAXED, "DocNumber": Text(21), "PaymentType": Choice(("Cash", "Check", "CreditCard")), "AccountRef": ACCOUNT,
    "EntityRef": PAYEE, "PrintStatus": Choice(("NotSet", "NeedToPrint", "PrintComplete")), "Credit": FLAG,
    "PaymentMethodRef": METHOD, "PaymentRefNum": Text(21), "TotalAmt": IGNORED, "RemitToAddr": IGNORED,
    "TxnTaxDetail": _TAX_DETAIL,
    "Line": Many(Group({
        **_LINE, "DetailType": Choice(("AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail")),
        "AccountBasedExpenseLineDetail": Group({**_EXPENSE_DETAIL, "AccountRef": ACCOUNT, "TaxAmount": NUMBER}),
        "LinkedTxn": _LINKED,
        "ItemBasedExpenseLineDetail": Group({**_EXPENSE_DETAIL, "ItemRef": ITEM, "Qty": NUMBER, "UnitPrice": NUMBER}),
    })),
}
_TRANSFER: Mapping[str, Shape] = {**_TXN, "FromAccountRef": ACCOUNT, "ToAccountRef": ACCOUNT, "Amount": NUMBER}
_NAME_VALUES = Many(Group({"Name": TEXT, "Value": TEXT}))
_COMPANY_INFO: Mapping[str, Shape] = {
    **_COMMON, "CompanyName": Text(1024), "LegalName": Text(1024), "CompanyAddr": _ADDRESS, "LegalAddr": _ADDRESS,
    "CustomerCommunicationAddr": _ADDRESS, "PrimaryPhone": _PHONE, "Email": _EMAIL, "WebAddr": _WEB,
    "CustomerCommunicationEmailAddr": _EMAIL,
} | dict.fromkeys(("Country", "FiscalYearStartMonth", "NameValue", "CompanyStartDate", "SupportedLanguages",
                   "DefaultTimeZone"), IGNORED)
_PREFERENCES: Mapping[str, Shape] = {
    **_COMMON,
    "AccountingInfoPrefs": Group({
        "BookCloseDate": DAY, "ClassTrackingPerTxn": FLAG, "ClassTrackingPerTxnLine": FLAG, "TrackDepartments": FLAG,
        "UseAccountNumbers": FLAG, "FirstMonthOfFiscalYear": TEXT, "CustomerTerminology": TEXT, "TaxYearMonth": TEXT}),
    "SalesFormsPrefs": Group({
        **dict.fromkeys(("CustomTxnNumbers", "AllowDiscount", "AllowDeposit", "AutoApplyCredit", "AutoApplyPayments",
                         "AllowServiceDate", "AllowShipping", "AllowEstimates", "ETransactionPaymentEnabled",
                         "UsingProgressInvoicing", "IPNSupportEnabled", "ETransactionAttachPDF"), FLAG),
        "DefaultTerms": TERM, "DefaultCustomerMessage": TEXT, "DefaultItem": ITEM, "CustomField": IGNORED,
        "ETransactionEnabledStatus": TEXT}),
    "TaxPrefs": Group({"UsingSalesTax": FLAG, "PartnerTaxEnabled": IGNORED, "TaxGroupCodeRef": FREE}),
    "CurrencyPrefs": Group({"MultiCurrencyEnabled": FLAG, "HomeCurrency": IGNORED}),
    "ReportPrefs": Group({"ReportBasis": Choice(("Accrual", "Cash")), "CalcAgingReportFromTxnDate": FLAG}),
    "OtherPrefs": Group({"NameValue": _NAME_VALUES}),
} | dict.fromkeys(("ProductAndServicesPrefs", "EmailMessagesPrefs", "VendorAndPurchasesPrefs", "TimeTrackingPrefs"),
                  IGNORED)

SHAPES: Mapping[str, Mapping[str, Shape]] = {
    "Customer": _CUSTOMER, "Vendor": _VENDOR, "Employee": _EMPLOYEE, "Item": _ITEM, "Account": _ACCOUNT,
    "Class": _CLASS, "Department": _DEPARTMENT, "Term": _TERM, "PaymentMethod": _METHOD, "Invoice": _INVOICE,
    "CreditMemo": _CREDIT, "SalesReceipt": _SALES, "RefundReceipt": _REFUND, "Estimate": _ESTIMATE, "Payment": _PAYMENT,
    "JournalEntry": _JOURNAL, "Deposit": _DEPOSIT, "Purchase": _PURCHASE, "Transfer": _TRANSFER,
    "CompanyInfo": _COMPANY_INFO, "Preferences": _PREFERENCES,
}
