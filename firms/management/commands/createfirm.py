"""createfirm: a firm and its owner, with a verified e-mail address."""

from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email, validate_slug
from django.db import transaction

from firms.membership import SLUG_LENGTH, Refused, create_firm
from firms.models import Firm, User


class Command(BaseCommand):
    help = "Creates a firm and its owner. A person who exists already keeps their password unless one is given."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the firm's name as people write it")
        parser.add_argument("--slug", required=True, help="short name in addresses; it can never change")
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--password", help="without it the owner signs in by a code sent by e-mail")

    def handle(self, *args: Any, **options: Any) -> None:
        _check(options["slug"], options["owner"])
        try:
            with transaction.atomic():
                owner = _person(options["owner"].lower(), options["password"])
                firm = create_firm(owner, options["name"], options["slug"])
        except Refused as refused:
            raise CommandError(str(refused), returncode=2) from None
        self.stdout.write(f"{firm.name} is at {firm.get_absolute_url()}; its owner is {owner.email}.")


def _check(slug: str, email: str) -> None:
    try:
        validate_slug(slug)
        validate_email(email)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages), returncode=2) from None
    if len(slug) > SLUG_LENGTH:
        raise CommandError(f"--slug must have at most {SLUG_LENGTH} characters.", returncode=2)
    if Firm.objects.filter(slug=slug).exists():
        raise CommandError(f"There is a firm with the slug {slug} already.", returncode=2)


def _person(email: str, password: str | None) -> User:
    user = User.objects.filter(email__iexact=email).first() or User.objects.create_user(email)
    if password:
        user.set_password(password)
        user.save(update_fields=["password"])
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user
