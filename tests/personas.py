"""Alice owns Acme, Bob keeps its books, Vera may look; Charlie is the stranger, who owns another firm."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from firms.membership import create_firm
from firms.models import Firm, Membership, User
from firms.roles import Role

PASSWORD = "correct horse battery staple"


def person(name: str) -> User:
    """A person with a verified address."""
    user = User.objects.create_user(f"{name.lower()}@example.com", PASSWORD, name=name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def alice(db: None) -> User:
    return person("Alice")


@pytest.fixture
def acme(alice: User) -> Firm:
    """Alice's firm."""
    return create_firm(alice, "Acme Law", "acme")


@pytest.fixture
def bob(acme: Firm) -> User:
    """The bookkeeper of Acme."""
    user = person("Bob")
    Membership.objects.create(firm=acme, user=user, role=Role.BOOKKEEPER)
    return user


@pytest.fixture
def vera(acme: Firm) -> User:
    """The viewer of Acme."""
    user = person("Vera")
    Membership.objects.create(firm=acme, user=user, role=Role.VIEWER)
    return user


@pytest.fixture
def charlie(db: None) -> User:
    """The stranger."""
    return person("Charlie")


@pytest.fixture
def globex(charlie: User) -> Firm:
    """Charlie's firm."""
    return create_firm(charlie, "Globex Legal", "globex")


@pytest.fixture
def alice_client(alice: User, acme: Firm) -> Client:
    return signed_in(alice)


@pytest.fixture
def bob_client(bob: User) -> Client:
    return signed_in(bob)


@pytest.fixture
def vera_client(vera: User) -> Client:
    return signed_in(vera)


@pytest.fixture
def charlie_client(charlie: User, globex: Firm) -> Client:
    return signed_in(charlie)
