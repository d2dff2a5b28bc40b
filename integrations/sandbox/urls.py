"""Addresses below the sandbox's mount: the vendors' own, and the pages to play the other side."""

from django.urls import path, re_path
from django.views.decorators.http import require_http_methods, require_safe

from integrations.sandbox import views
from integrations.sandbox.pages import clio, clio_bank, index, quickbooks, quickbooks_documents
from integrations.sandbox.world import CLIO_PATHS

app_name = "sandbox"

_VENDORS = "|".join((*CLIO_PATHS.values(), "quickbooks"))
_CLIO = "play/clio/<slug:region>/<int:account>/"
_QUICKBOOKS = "play/quickbooks/<slug:realm>/"
form = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns = [
    re_path(rf"^(?P<path>(?:{_VENDORS})(?:/.*)?)$", views.stand_in, name="stand_in"),
    path("clock", views.stand_in, {"path": "clock"}, name="clock"),
    path("", form(index.index), name="index"),
    path("play/switches/", form(index.switches), name="switches"),
    path(_CLIO, require_safe(clio.bills), name="bills"),
    path(f"{_CLIO}bills/<int:bill_id>/", form(clio.bill), name="bill"),
    path(f"{_CLIO}contacts/", form(clio.contacts), name="contacts"),
    path(f"{_CLIO}contacts/<int:contact_id>/", form(clio.contact), name="contact"),
    path(f"{_CLIO}payments/", require_safe(clio_bank.payments), name="clio_payments"),
    path(f"{_CLIO}payments/<int:payment_id>/", form(clio_bank.payment), name="clio_payment"),
    path(f"{_CLIO}banking/", form(clio_bank.accounts), name="bank_accounts"),
    path(f"{_CLIO}banking/<int:bank_id>/", form(clio_bank.account), name="bank_account"),
    path(f"{_CLIO}rows/<int:row_id>/", form(clio_bank.row), name="bank_row"),
    path(_QUICKBOOKS, require_safe(quickbooks.invoices), name="invoices"),
    path(f"{_QUICKBOOKS}invoices/<slug:id>/", form(quickbooks.invoice), name="invoice"),
    path(f"{_QUICKBOOKS}customers/", form(quickbooks.customers), name="customers"),
    path(f"{_QUICKBOOKS}customers/<slug:id>/", form(quickbooks.customer), name="customer"),
    path(f"{_QUICKBOOKS}payments/", form(quickbooks.payments), name="payments"),
    path(f"{_QUICKBOOKS}payments/<slug:id>/", form(quickbooks.payment), name="payment"),
    path(f"{_QUICKBOOKS}documents/", form(quickbooks_documents.documents), name="documents"),
    path(f"{_QUICKBOOKS}documents/<slug:entity>/<slug:id>/", form(quickbooks_documents.document), name="document"),
    path(f"{_QUICKBOOKS}accounts/", require_safe(quickbooks.accounts), name="accounts"),
    path(f"{_QUICKBOOKS}settings/", form(quickbooks.settings), name="company_settings"),
]
