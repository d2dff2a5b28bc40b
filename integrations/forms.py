"""The mapping screen's form: start date, policies and one choice per slot."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from integrations import contact_choices, mapping, slots
from integrations.core.mapping import ALL_FIELDS, is_trust_key
from integrations.core.ports import Raw
from integrations.core.read import text
from integrations.kinds.contact_fields import LABELS
from integrations.models import Mapping, Pairing
from integrations.sync.settings import mapping_fault

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
NOTHING = "Nothing chosen"
ASK = "Ask each time"
WINS = [("clio", "Clio’s value"), ("quickbooks", "QuickBooks’s value")]
POLICIES = ("name_template", "aggregate_tax", "credit_purpose", "reactivate_customers", "trust_checks")


@dataclass(frozen=True, slots=True)
class Line:
    """One slot on the screen: its field, and what is recommended where nothing is chosen."""

    slot: slots.Slot
    field: BoundField
    creates: tuple[str, ...]
    note: str
    is_new: bool  # prefilled with a recommendation that is not saved yet


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class LongSelect(forms.Select):
    """As Django writes it, but without a template for each of the options, of which a company has hundreds."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        said = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        chosen = "" if value is None else str(value)
        options = ((id, mark_safe(" selected") if str(id) == chosen else "", label) for id, label in self.choices)
        return format_html(
            "<select{}>\n{}\n</select>",
            flatatt(said),
            format_html_join("\n", '<option value="{}"{}>{}</option>', options),
        )


class StartForm(forms.Form):
    """The start date by itself."""

    start_date = forms.DateField(label="Start date", widget=DayInput())

    def clean_start_date(self) -> date:
        return _within_reason(self.cleaned_data["start_date"])


def _within_reason(value: date) -> date:
    """Raises ValidationError."""
    if not EARLIEST <= value <= LATEST:
        raise forms.ValidationError("Choose a day between 2000 and 2100.")
    return value


class MappingForm(forms.Form):
    """Fields are named by slot key. What cannot be saved comes back as it was typed, with the reason."""

    start_date = forms.DateField(
        label="Start date",
        widget=DayInput(),
        help_text="Bills issued from this day on are posted. Earlier bills and their payments stay out.",
    )
    name_template = forms.CharField(
        label="Name where the plain one is taken",
        max_length=100,
        help_text="QuickBooks allows a name once. {name} is the contact’s name and {id} their number in Clio.",
    )
    aggregate_tax = forms.BooleanField(label="One line for both taxes instead of one for each", required=False)
    credit_purpose = forms.ChoiceField(
        label="What a credit note usually is",
        choices=[(name, label) for name, (label, _) in slots.PURPOSES.items()],
        help_text="Clio says only which ones are discounts. This chooses the item of the others, where one is mapped.",
    )
    reactivate_customers = forms.BooleanField(
        label="Make inactive customers active by itself when they are billed again", required=False
    )

    trust_checks = forms.BooleanField(
        label="Post money out of trust as checks instead of journal entries", required=False
    )

    def __init__(self, pairing: Pairing, data: Any = None, found: mapping.Targets | None = None) -> None:
        found = found or mapping.targets(pairing)
        self.pairing, self.slots, self.mapped = pairing, found.slots, found.mapped
        self.proposals = {proposal.slot.key: proposal for proposal in mapping.recommend(found)}
        super().__init__(data, initial=self._initial())
        for slot in self.slots:
            self.fields[slot.key] = self._field(slot, found.known)
        self.fields |= {_prefer(name): _preference(name) for name in (ALL_FIELDS, *LABELS)}

    def _initial(self) -> dict[str, Any]:
        pairing = self.pairing
        return {
            "start_date": pairing.start_date or date(date.today().year, 1, 1),
            "name_template": pairing.name_template,
            "aggregate_tax": pairing.aggregate_tax,
            "credit_purpose": pairing.credit_purpose,
            "reactivate_customers": pairing.reactivate_customers,
            "trust_checks": pairing.trust_checks,
            **{slot.key: self._chosen(slot) for slot in self.slots},
            **{_prefer(name): side for name, side in pairing.contact_preferences.items()},
        }

    def _chosen(self, slot: slots.Slot) -> str:
        if slot.key in self.mapped:
            return self.mapped[slot.key].ledger_id
        proposal = self.proposals.get(slot.key)
        return proposal.ledger_id if proposal else ""

    def _field(self, slot: slots.Slot, known: dict[str, dict[str, Raw]]) -> forms.CharField:
        """A choice that does not refuse by itself: ``mapping.save`` does, and says why."""
        options = [("", NOTHING), *mapping.choices(slot, known)]
        value = self.data.get(slot.key, "") if self.is_bound else self._chosen(slot)
        if value and value not in dict(options):
            options.append((value, _unfit(slot, value, known, self.mapped.get(slot.key))))
        return forms.CharField(
            label=slot.label, help_text=slot.why, required=False, max_length=32, widget=LongSelect(choices=options)
        )

    def clean_start_date(self) -> date:
        return _within_reason(self.cleaned_data["start_date"])

    def clean_name_template(self) -> str:
        value: str = self.cleaned_data["name_template"]
        if "{name}" not in value or "{id}" not in value:
            raise forms.ValidationError("It has to contain {name} and {id}, as in {name} (Clio {id}).")
        if "{" in value.replace("{name}", "").replace("{id}", "") or "}" in value.replace("{name}", "").replace(
            "{id}", ""
        ):
            raise forms.ValidationError("Braces stand only around name and id.")
        return value

    def chosen(self) -> dict[str, str]:
        """Slot key to item or account id; "" unmaps."""
        return {slot.key: self.cleaned_data[slot.key] for slot in self.slots}

    def refuse(self, faults: dict[str, str]) -> None:
        for key, said in faults.items():
            self.add_error(key if key in self.fields else None, f"{said[:1].upper()}{said[1:]}.")

    def save(self) -> None:
        """Saves mappings and policies. Raises InvalidMapping and then saves nothing."""
        mapping.save(self.pairing, self.chosen(), self.cleaned_data["start_date"])
        for name in POLICIES:
            setattr(self.pairing, name, self.cleaned_data[name])
        self.pairing.save(update_fields=POLICIES)
        preferred = {name: self.cleaned_data[_prefer(name)] for name in (ALL_FIELDS, *LABELS)}
        contact_choices.save(self.pairing, preferred)

    def lines(self, *, optional: bool) -> list[Line]:
        return [self._line(slot) for slot in self.slots if slot.optional is optional]

    @property
    def preferences(self) -> list[BoundField]:
        """Whose value counts where a contact's field was changed on both sides; the first is for every field."""
        return [self[_prefer(name)] for name in (ALL_FIELDS, *LABELS)]

    @property
    def needed(self) -> list[Line]:
        return self.lines(optional=False)

    @property
    def optional(self) -> list[Line]:
        return self.lines(optional=True)

    @property
    def trust(self) -> list[Line]:
        """Of the optional ones the trust accounts, which are recommended."""
        return [line for line in self.optional if is_trust_key(line.slot.key)]

    @property
    def exceptions(self) -> list[Line]:
        return [line for line in self.optional if not is_trust_key(line.slot.key)]

    @property
    def policies(self) -> list[BoundField]:
        return [self[name] for name in POLICIES]

    def _line(self, slot: slots.Slot) -> Line:
        proposal = self.proposals.get(slot.key)
        is_new = slot.key not in self.mapped and bool(proposal and proposal.ledger_id)
        creates = proposal.creates if proposal and not proposal.ledger_id else ()
        return Line(slot, self[slot.key], creates, proposal.note if proposal else "", is_new)

    def created(self) -> list[str]:
        """What filling in what is recommended would create in QuickBooks, each once."""
        return list(
            dict.fromkeys(
                thing for proposal in self.proposals.values() if not proposal.ledger_id for thing in proposal.creates
            )
        )


def _prefer(name: str) -> str:
    return f"prefer:{name}"


def _preference(name: str) -> forms.ChoiceField:
    is_all = name == ALL_FIELDS
    label = "Every field" if is_all else LABELS[name]
    return forms.ChoiceField(
        label=label, required=False, choices=[("", ASK if is_all else "As for every field"), *WINS]
    )


def _unfit(slot: slots.Slot, id: str, known: dict[str, dict[str, Raw]], mapped: Mapping | None) -> str:
    """The label of a choice that does not fit, so that it can be seen and changed."""
    row = known["Item" if slot.is_item else "Account"].get(id)
    name = text(row, "Name") if row else (mapped.name if mapped and mapped.ledger_id == id else f"Number {id}")
    return f"{name} (does not fit: {mapping_fault(slot.key, id, known) or 'unknown'})"
