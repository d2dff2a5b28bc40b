"""The rows of a firm, kept to be put back for another firm: new keys, the same relations."""

from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import Model

from firms.models import Firm, User
from firms.scoping import FirmOwned
from integrations.models import OAuthToken
from integrations.tokens import Tokens, seal, unseal


@dataclass(frozen=True)
class KeptRows:
    """By table, parents first. ``tokens`` are open, for they are sealed for the firm they belong to."""

    tables: list[tuple[type[FirmOwned], list[FirmOwned]]]
    tokens: dict[int, Tokens]

    @classmethod
    def of(cls, firm: Firm) -> "KeptRows":
        tables = [(model, list(model.all_firms.filter(firm=firm).order_by("pk"))) for model in _models()]
        sealed = OAuthToken.objects.of(firm).select_related("connection")
        return cls([table for table in tables if table[1]], {row.pk: unseal(row.connection, row) for row in sealed})

    def put_back(self, firm: Firm, owner: User) -> None:
        """Whoever did anything in the kept rows was the owner."""
        known: dict[tuple[type[Model], int], Model] = {}
        for model, rows in self.tables:
            fresh = [self._again(row, firm, owner, known) for row in rows]
            made = model.objects.of(firm).bulk_create(fresh)
            known |= {(model, row.pk): new for row, new in zip(rows, made, strict=True)}

    def _again(self, row: FirmOwned, firm: Firm, owner: User, known: dict[tuple[type[Model], int], Model]) -> FirmOwned:
        fresh: Any = copy(row)
        fresh.pk, fresh._state.adding = None, True
        for field in row._meta.concrete_fields:
            if field.is_relation and getattr(row, field.attname) is not None:
                setattr(
                    fresh, field.name, _related(field.related_model, getattr(row, field.attname), firm, owner, known)
                )
        if isinstance(fresh, OAuthToken):
            fresh.ciphertext = seal(fresh.connection, fresh.generation, self.tokens[row.pk])
        return fresh  # type: ignore[no-any-return]


def _related(model: Any, key: int, firm: Firm, owner: User, known: dict[tuple[type[Model], int], Model]) -> Model:
    if model is Firm:
        return firm
    return owner if model is User else known[model, key]


@cache
def _models() -> list[type[FirmOwned]]:
    """What a firm owns of the integrations, each after what it points at."""
    left = [model for model in apps.get_app_config("integrations").get_models() if issubclass(model, FirmOwned)]
    ordered: list[type[FirmOwned]] = []
    while left:
        free = [model for model in left if not _targets(model) & set(left) - {model}]
        ordered += free
        left = [model for model in left if model not in free]
    return ordered


def _targets(model: type[Model]) -> set[Any]:
    return {field.related_model for field in model._meta.concrete_fields if field.is_relation}
