"""Forms about firms."""

from typing import Any
from zoneinfo import available_timezones

from django import forms

from firms.roles import Role, may_give

COMMON_ZONES = (
    ("America/New_York", "Eastern (New York)"),
    ("America/Chicago", "Central (Chicago)"),
    ("America/Denver", "Mountain (Denver)"),
    ("America/Phoenix", "Arizona (Phoenix)"),
    ("America/Los_Angeles", "Pacific (Los Angeles)"),
    ("America/Anchorage", "Alaska (Anchorage)"),
    ("Pacific/Honolulu", "Hawaii (Honolulu)"),
    ("America/Halifax", "Atlantic (Halifax)"),
    ("America/Toronto", "Toronto"),
    ("America/Vancouver", "Vancouver"),
    ("Europe/London", "London"),
    ("Europe/Dublin", "Dublin"),
    ("Australia/Sydney", "Sydney"),
    ("Australia/Perth", "Perth"),
    ("Pacific/Auckland", "Auckland"),
)


class FirmForm(forms.Form):
    """A new firm: its name and the zone its days are counted in."""

    name = forms.CharField(label="Name of the firm", max_length=300, help_text="As your clients know it.")
    timezone = forms.ChoiceField(label="Time zone", choices=COMMON_ZONES, initial="America/New_York")

    def clean_timezone(self) -> str:
        zone: str = self.cleaned_data["timezone"]
        if zone not in available_timezones():
            raise forms.ValidationError("This server does not know that time zone. Choose another.")
        return zone


class InviteForm(forms.Form):
    """Whom to invite, and as what: the roles that ``giver`` may give."""

    email = forms.EmailField(label="E-mail address", max_length=254)
    role = forms.ChoiceField(label="Role", initial=Role.BOOKKEEPER)

    def __init__(self, giver: Role, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [role for role in Role if may_give(giver, role)]
        self.fields["role"].choices = [(role.value, role.label) for role in roles]  # type: ignore[attr-defined]

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])
