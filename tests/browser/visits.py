"""What to visit of each address, and as whom; or why an address is no page."""

import json
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.test import Client
from django.urls import reverse
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from firms.membership import create_firm
from firms.models import Firm, Invitation, Membership, User
from integrations.queries.setup import NAMES as STEPS
from tests.browser.everything import NAME, Everything
from tests.personas import PASSWORD, person, signed_in

# A pattern's name to "who" and "where"s.
Visits = dict[str, list[tuple[str, str]]]

SENT_ONLY = "a form is sent there, and nothing is shown"
A_FILE = "a file"
MACHINES = "for machines"
PART = "a part of a page"
ELSEWHERE = "it only leads to another page"
NO_PAGE = {
    "theme": SENT_ONLY,
    "sync": SENT_ONLY,
    "check": SENT_ONLY,
    "start_date": SENT_ONLY,
    "adopt_first": SENT_ONLY,
    "match": SENT_ONLY,
    "connect": SENT_ONLY,
    "confirm_company": SENT_ONLY,
    "read_targets": SENT_ONLY,
    "invite": SENT_ONLY,
    "send_again": SENT_ONLY,
    "note_issue": SENT_ONLY,
    "assign_issue": SENT_ONLY,
    "take_back": SENT_ONLY,
    "mfa_login_webauthn": MACHINES,
    "live": PART,
    "errand": PART,
    "log_file": A_FILE,
    "trust_opening": A_FILE,
    "opening": A_FILE,
    "quickbooks_only_file": A_FILE,
    "manual_picture": A_FILE,
    "mfa_download_recovery_codes": A_FILE,
    "oauth_callback": ELSEWHERE,
    "clio_hook": MACHINES,
    "quickbooks_hook": MACHINES,
    "healthz": MACHINES,
    "readyz": MACHINES,
    "metrics": MACHINES,
    "sandbox:stand_in": MACHINES,
    "sandbox:clock": MACHINES,
    "admin:autocomplete": MACHINES,
    "admin:jsi18n": MACHINES,
    "admin:view_on_site": ELSEWHERE,
    "admin:logout": SENT_ONLY,
    "admin:login": ELSEWHERE,
}


def visits(e: Everything) -> Visits:
    return {**_accounts(e), **_outside(e), **_firm(e), **_team(e), **_sandbox(e)}


def browsers(e: Everything) -> dict[str, Client]:
    """Everybody who visits, signed in within the last minute."""
    careful = person("Tess")
    TOTP.activate(careful, generate_totp_secret())
    RecoveryCodes.activate(careful)
    WebAuthn.add(careful, "Laptop", _passkey())
    new = User.objects.create_user("new@example.com", None, name="Without a password")
    EmailAddress.objects.create(user=new, email=new.email, verified=True, primary=True)
    people = {
        "owner": e.owner,
        "bookkeeper": e.colleague,
        "viewer": e.viewer,
        "support": e.support,
        "careful": careful,
        "new": new,
    }
    return {
        "nobody": Client(),
        "unfinished": _half_signed_in("account_login", {"login": careful.email, "password": PASSWORD}),
        "by_code": _half_signed_in("account_request_login_code", {"email": e.colleague.email}),
        **{name: _just_now(user) for name, user in people.items()},
    }


def _passkey() -> dict[str, Any]:
    """What a browser sends of a new key, as far as pages show or name it."""
    public = ES256({1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32})
    key = AttestedCredentialData.create(Aaguid(b"\0" * 16), b"k" * 16, public)
    told = AuthenticatorData.create(b"r" * 32, AuthenticatorData.FLAG.AT | AuthenticatorData.FLAG.UP, 0, key)
    said = {"type": "webauthn.create", "challenge": "Yw", "origin": "http://localhost"}
    response = {
        "clientDataJSON": websafe_encode(json.dumps(said).encode()),
        "attestationObject": websafe_encode(AttestationObject.create("none", told, {})),
    }
    id = websafe_encode(b"k" * 16)
    return {"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {}}


def _just_now(user: User) -> Client:
    """Signed in, and the password given again, as some pages want it."""
    client = signed_in(user)
    if user.has_usable_password():
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def _half_signed_in(name: str, form: dict[str, str]) -> Client:
    client = Client()
    assert client.post(reverse(name), form).status_code == 302
    return client


def _outside(e: Everything) -> Visits:
    return {
        "home": [("nobody", "/")],
        "create_firm": [("new", "/firms/new/")],
        "opened_invitation": [("nobody", "/invitations/")],
        "invitation": [("nobody", f"/invitations/{e.token}/"), ("new", "/invitations/not-a-token/")],
        "manual": [("nobody", "/docs/")],
        "manual_page": [("owner", f"/docs/{name}/") for name in ("what-syncs",)],
    }


def _firm(e: Everything) -> Visits:
    def at(name: str, *args: object, query: str = "") -> tuple[str, str]:
        return "owner", reverse(name, args=[e.firm.slug, *args]) + query

    def looked_at(name: str, *args: object) -> tuple[str, str]:
        return "viewer", at(name, *args)[1]

    kinds = ("contact", "invoice", "payment", "credit_note", "trust_entry")
    paid = e.of_bill()
    return {
        "dashboard": [at("dashboard")],
        "setup": [at("setup", query=f"?step={name}") for name in STEPS],
        "counted": [at("counted", "bills_in"), at("counted", "held"), at("counted", "unreadable")],
        "connections": [at("connections")],
        "purge": [at("purge")],
        "disconnect": [at("disconnect", "clio")],
        "mappings": [at("mappings")],
        "notices": [at("notices")],
        "preview": [at("preview")],
        "runs": [at("runs")],
        "run": [at("run", e.run().pk)],
        "log": [at("log", query="?q=88001&from=2026-01-01")],
        "issues": [at("issues")],
        "adopt_all": [at("adopt_all")],
        "selected_issues": [at("selected_issues", query="?" + "&".join(f"id={issue.pk}" for issue in e.issues()[:3]))],
        "issue": [*(at("issue", issue.pk) for issue in e.issues()), looked_at("issue", e.shapes[0].pk)],
        "records": [at("records", kind) for kind in kinds],
        "record": [
            at("record", "contact", e.contact),
            at("record", "invoice", e.bill),
            at("record", "trust_entry", e.trust_row),
            *(at("record", kind, id) for kind, id in paid),
        ],
        "trust": [at("trust")],
        "proof": [at("proof")],
        "earlier_proof": [at("earlier_proof", e.proof().pk)],
        "quickbooks_only": [at("quickbooks_only")],
        "customer": [at("customer", e.customer), looked_at("customer", e.customer)],
    }


def _team(e: Everything) -> Visits:
    colleague = Membership.objects.get(firm=e.firm, user=e.colleague)
    names = ("member_role", "remove_member", "hand_over")
    asked = {name: [("owner", reverse(name, args=[e.firm.slug, colleague.pk]))] for name in names}
    offer = Invitation.objects.filter(firm=e.firm).latest("id")
    asked["withdraw"] = [("owner", reverse("withdraw", args=[e.firm.slug, offer.pk]))]
    alone = {"team": "owner", "leave": "bookkeeper", "require_two_step": "owner"}
    strict = create_firm(e.colleague, NAME, "strict")
    Firm.objects.filter(pk=strict.pk).update(requires_two_step=True)
    asked["two_step"] = [("bookkeeper", reverse("two_step", args=[strict.slug]))]
    return {**asked, **{name: [(who, reverse(name, args=[e.firm.slug]))] for name, who in alone.items()}}


def _accounts(e: Everything) -> Visits:
    address = EmailAddress.objects.create(user=e.colleague, email="second@example.com")
    key = f"{user_pk_to_url_str(e.colleague)}-{default_token_generator.make_token(e.colleague)}"
    confirm = reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key])
    wrong = reverse("account_confirm_email", args=["expired"])
    reset = [reverse("account_reset_password_from_key", args=found.split("-", 1)) for found in (key, "1-wrong")]
    as_whom = {
        "nobody": (
            "account_login account_signup account_inactive account_email_verification_sent account_reset_password "
            "account_reset_password_done account_reset_password_from_key_done account_request_login_code"
        ),
        "unfinished": "mfa_authenticate",
        "by_code": "account_confirm_login_code",
        "new": "account_set_password",
        "owner": "account_logout account_reauthenticate account_email account_change_password mfa_index "
        "mfa_activate_totp mfa_list_webauthn mfa_add_webauthn usersessions_list",
        "careful": "mfa_reauthenticate mfa_reauthenticate_webauthn mfa_deactivate_totp "
        "mfa_view_recovery_codes mfa_generate_recovery_codes",
    }
    found = {name: [(who, reverse(name))] for who, names in as_whom.items() for name in names.split()}
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        found[name] = [("careful", reverse(name, args=[Authenticator.objects.get(type="webauthn").pk]))]
    found["account_confirm_email"] = [("nobody", confirm), ("nobody", wrong)]
    found["account_reset_password_from_key"] = [("nobody", each) for each in reset]
    return found


def _sandbox(e: Everything) -> Visits:
    clio = ("us", e.portal.clio.account_id)
    realm = e.portal.quickbooks.realm

    def at(name: str, *args: object) -> list[tuple[str, str]]:
        return [("nobody", reverse(f"sandbox:{name}", args=args))]

    books, office = e.portal.quickbooks, e.portal.clio.snapshot()
    pages = {
        "index": at("index"),
        "switches": at("switches"),
        "bills": at("bills", *clio),
        "bill": at("bill", *clio, e.bill),
        "contacts": at("contacts", *clio),
        "contact": at("contact", *clio, e.contact),
        "clio_payments": at("clio_payments", *clio),
        "clio_payment": at("clio_payment", *clio, office["payments"][-1]["id"]),
        "bank_accounts": at("bank_accounts", *clio),
        "bank_account": at("bank_account", *clio, office["bank_accounts"][-1]["id"]),
        "bank_row": at("bank_row", *clio, e.trust_row),
        "invoices": at("invoices", realm),
        "invoice": at("invoice", realm, e.portal.invoice("88001")["Id"]),
        "customers": at("customers", realm),
        "customer": at("customer", realm, e.customer),
        "payments": at("payments", realm),
        "payment": at("payment", realm, books.all("Payment")[-1]["Id"]),
        "documents": at("documents", realm),
        "document": at("document", realm, "CreditMemo", books.all("CreditMemo")[-1]["Id"]),
        "accounts": at("accounts", realm),
        "company_settings": at("company_settings", realm),
    }
    return {f"sandbox:{name}": found for name, found in pages.items()}
