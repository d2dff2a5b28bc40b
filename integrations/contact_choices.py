"""Which side counts for a field of a contact: what a person picks, and what the firm always prefers (rule R7)."""

from collections.abc import Mapping

from integrations.core.mapping import ALL_FIELDS
from integrations.kinds.contact_fields import LABELS
from integrations.kinds.plan_contact_fields import SIDES
from integrations.models import Issue, Pairing

PICKING = ("merge", "use_clio", "use_quickbooks")
NAMES = {"clio": "Clio", "quickbooks": "QuickBooks"}


class Unpickable(ValueError):
    """What was picked cannot be carried out; the text says why and what can."""


def as_value(picks: Mapping[str, str]) -> str:
    """Picks as a decision keeps them: "phone=clio fax=quickbooks"."""
    return " ".join(f"{name}={side}" for name, side in picks.items())


def check(issue: Issue, action: str, value: str) -> None:
    """Raises Unpickable where a pick names no field of the issue, no side, or a value the other side cannot take."""
    fields = fields_of(issue)
    if action == "merge":
        picks = dict(word.partition("=")[::2] for word in value.split())
    else:
        picks = dict.fromkeys(fields, action.removeprefix("use_"))
    if not picks:
        raise Unpickable(f"Say which side counts, field by field: {as_value(dict.fromkeys(fields, 'clio'))}.")
    for name, side in picks.items():
        if name not in fields:
            raise Unpickable(f"“{name}” is none of the fields that differ: {', '.join(fields)}.")
        if side not in SIDES:
            raise Unpickable(f"“{side}” is no side. Choose clio or quickbooks for {name}.")
        _check_fits(name, side, fields[name])


def _check_fits(name: str, side: str, told: Mapping[str, object]) -> None:
    if told.get("only") and told["only"] != side:
        why = f"{LABELS.get(name, name)}: {told.get('why')} Choose {NAMES[str(told['only'])]}’s value for it, "
        raise Unpickable(why + "or change it there; until then it can stay as it is.")


def fields_of(issue: Issue) -> dict[str, Mapping[str, object]]:
    """The fields that differ, each with both values, in the order people read them."""
    found = issue.details.get("fields")
    known = found if isinstance(found, dict) else {}
    return {name: known[name] for name in LABELS if isinstance(known.get(name), dict)}


def always(pairing: Pairing, action: str, value: str) -> None:
    """From now on these picks decide by themselves: one by one, or one side for every field."""
    save(pairing, {**pairing.contact_preferences, **picked(action, value)})


def picked(action: str, value: str) -> dict[str, str]:
    """The side that counts, for each field or for all of them."""
    if action == "merge":
        return dict(word.partition("=")[::2] for word in value.split())
    return {ALL_FIELDS: action.removeprefix("use_")}


def save(pairing: Pairing, preferences: Mapping[str, str]) -> None:
    """Keeps what the firm always prefers; what is no field or no side is left out."""
    known = (ALL_FIELDS, *LABELS)
    kept = {name: preferences[name] for name in known if preferences.get(name) in SIDES}
    pairing.contact_preferences = kept
    pairing.save(update_fields=["contact_preferences"])
