"""The base of everything a firm owns: a manager that raises without a firm, and keys that cannot cross firms."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Self, TypeVar

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from firms.models import Firm

M = TypeVar("M", bound=models.Model)
_current: ContextVar[int | None] = ContextVar("firm", default=None)


class NoFirmContext(RuntimeError):
    """Rows of a firm were asked for without saying whose."""


class WrongFirm(RuntimeError):
    """A row of one firm was about to be written through the manager of another."""


@contextmanager
def firm_context(firm: Firm | int) -> Iterator[None]:
    """Within the block ``Model.objects`` means this firm's rows."""
    before = _current.set(_id(firm))
    try:
        yield
    finally:
        _current.reset(before)


def current_firm_id() -> int | None:
    return _current.get()


def _id(firm: Firm | int) -> int:
    return firm if isinstance(firm, int) else firm.pk


class FirmQuerySet(models.QuerySet[M]):
    """Rows of one firm; what it creates belongs to that firm."""

    firm_id: int | None = None

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone.firm_id = self.firm_id
        return clone

    def create(self, **fields: Any) -> M:
        return super().create(**self._owned(fields))

    def get_or_create(self, defaults: Any = None, **fields: Any) -> tuple[M, bool]:
        return super().get_or_create(defaults, **self._owned(fields))

    def update_or_create(self, defaults: Any = None, create_defaults: Any = None, **fields: Any) -> tuple[M, bool]:
        return super().update_or_create(defaults, create_defaults, **self._owned(fields))

    def bulk_create(self, objs: Any, *args: Any, **options: Any) -> list[M]:
        rows = list(objs)
        for row in rows:
            row.firm_id = self._owned({"firm_id": row.firm_id})["firm_id"]
        return super().bulk_create(rows, *args, **options)

    def _owned(self, fields: dict[str, Any]) -> dict[str, Any]:
        """``fields`` with the firm put in; raises WrongFirm for another firm's."""
        given = fields.pop("firm", None)
        asked = _id(given) if given is not None else fields.pop("firm_id", None)
        if asked is not None and self.firm_id is not None and asked != self.firm_id:
            raise WrongFirm(f"{self.model.__name__} of firm {asked} in the context of firm {self.firm_id}")
        return {"firm_id": self.firm_id if asked is None else asked, **fields}


class FirmManager(models.Manager[M]):
    """Only ever one firm's rows: ``Model.objects.of(firm)``, or all of it within ``firm_context(firm)``."""

    def of(self, firm: Firm | int) -> FirmQuerySet[M]:
        return _rows_of(self.model, self._db, _id(firm)).all()

    def get_queryset(self) -> FirmQuerySet[M]:
        firm_id = _current.get()
        if firm_id is None:
            raise NoFirmContext(f"{self.model.__name__}: use objects.of(firm), or firm_context(firm)")
        return self.of(firm_id)


@lru_cache(maxsize=10_000)
def _rows_of(model: type[models.Model], using: str | None, firm_id: int) -> FirmQuerySet[Any]:
    """Never evaluated, only copied: asking for a firm's rows is what the portal does most, and a copy costs little."""
    rows: FirmQuerySet[Any] = FirmQuerySet(model, using=using).filter(firm_id=firm_id)
    rows.firm_id = firm_id
    return rows


class FirmOwned(models.Model):
    """A row that belongs to a firm. ``all_firms`` is for support, the scheduler and look-ups that find the firm."""

    firm = models.ForeignKey(Firm, models.PROTECT, related_name="+")

    objects = FirmManager["Self"]()
    all_firms = models.Manager["Self"]()

    class Meta:
        abstract = True
        constraints = [
            # What composite foreign keys point at.
            models.UniqueConstraint(fields=["firm", "id"], name="%(app_label)s_%(class)s_firm_and_id"),
        ]


class CompositeForeignKey(Operation):
    """A foreign key over (firm_id, <field>_id), so that no row can point at another firm's row.

    ``CompositeForeignKey("mapping", "pairing")``: the model and its field; the target is read from the field.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, field: str) -> None:
        self.model_name, self.field = model_name, field

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Django's own foreign key stays as it is."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.field)
        quote, target = schema_editor.quote_name, field.related_model._meta  # type: ignore[union-attr]
        schema_editor.execute(
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {quote(self._name(model))} "
            f"FOREIGN KEY (firm_id, {quote(field.column)}) REFERENCES {quote(target.db_table)} (firm_id, id) "  # type: ignore[union-attr]
            "DEFERRABLE INITIALLY DEFERRED"
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        table, name = schema_editor.quote_name(model._meta.db_table), schema_editor.quote_name(self._name(model))
        schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")

    def describe(self) -> str:
        return f"Keep {self.field} of {self.model_name} within its firm"

    def _name(self, model: type[models.Model]) -> str:
        return f"{model._meta.db_table}_{self.field}_same_firm"
