"""Documents as the API answers them: chosen fields, nested records, redaction, and the form of amounts and instants."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from integrations.sandbox.clio.desk import Desk
from integrations.sandbox.clio.fields import Selection
from integrations.sandbox.clio.schema import KINDS, Entity, entity
from integrations.sandbox.clio.switches import Switches
from integrations.sandbox.clio.views import VIEWS
from integrations.sandbox.store import Doc

_LOCAL = timezone(timedelta(hours=-8))
_KEPT = ("id", "etag")


class Renderer:
    """Renders documents of one account for one request; each related document is read once."""

    def __init__(self, desk: Desk, switches: Switches) -> None:
        self.desk = desk
        self.switches = switches
        self._known: dict[tuple[str, int], Doc | None] = {}
        self._strings = switches["clio_money"] == "strings"
        self._local = switches["clio_instants"] == "local"
        self._nulls = switches["clio_nulls"] == "yes"

    def record(self, owner: Entity, doc: Doc, selection: Selection) -> Doc:
        """One record with the chosen fields."""
        if not selection.keys() <= _IDENTITY:
            doc = self._seen(owner, doc)
        return {name: self._value(owner, doc, name, inner) for name, inner in selection.items()}

    def nested(self, target: Entity, doc: Doc | None, names: Sequence[str]) -> Doc | None:
        """A record inside another; one the person may not see is redacted, not left out."""
        if doc is None:
            return None
        if doc.get("hidden"):
            return {**{name: doc.get(name) if name in _KEPT else None for name in names}, "redacted": True}
        selection = {name: self._bare(target, name) for name in names}
        return self.record(target, doc, selection)

    def _bare(self, target: Entity, name: str) -> tuple[str, ...]:
        inner = target.associations.get(name)
        return entity(inner.entity).defaults if inner and inner.entity else ()

    def _value(self, owner: Entity, doc: Doc, name: str, inner: tuple[str, ...]) -> Any:
        association = owner.associations.get(name)
        if association is None:
            return self._plain(owner, name, doc.get(name))
        if not association.entity:
            return [] if association.many else None
        target = entity(association.entity)
        if association.many:
            rows = [self.nested(target, row, inner) for row in self._many(target, doc, name, inner)]
            return rows or (None if self._nulls else [])
        return self.nested(target, self._one(target, doc, name, inner), inner)

    def _one(self, target: Entity, doc: Doc, name: str, inner: Sequence[str]) -> Doc | None:
        if target.name not in KINDS:
            return doc.get(name)
        return self._read(target, doc.get(f"{name}_id"), inner)

    def _many(self, target: Entity, doc: Doc, name: str, inner: Sequence[str]) -> list[Doc]:
        if target.name not in KINDS:
            return list(doc.get(name) or ())
        singular = name.removesuffix("s")
        found = (self._read(target, id, inner) for id in doc.get(f"{singular}_ids") or ())
        return [row for row in found if row is not None]

    def _read(self, target: Entity, id: int | None, inner: Sequence[str]) -> Doc | None:
        if not id:
            return None
        key = (KINDS[target.name], int(id))
        if key not in self._known:
            self._known[key] = self.desk.look(*key)
        return self._known[key]

    def _seen(self, owner: Entity, doc: Doc) -> Doc:
        view = VIEWS.get(owner.name)
        return view(self.desk, self.switches, doc) if view else doc

    def _plain(self, owner: Entity, name: str, value: Any) -> Any:
        if value is None or (self._nulls and value in ("", [])):
            return None
        if name in owner.money and self._strings:
            return _text(value)
        if name in owner.instants and self._local:
            return datetime.fromisoformat(value).astimezone(_LOCAL).isoformat()
        return value


_IDENTITY = frozenset(("id", "etag", "created_at", "updated_at"))


def _text(value: Any) -> str:
    """A decimal as text with at least one digit after the point."""
    whole = Decimal(str(value)).normalize()
    text = f"{whole:f}"
    return text if "." in text else f"{text}.0"
