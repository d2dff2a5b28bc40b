"""Support's view of people and firms."""

from typing import ClassVar

from allauth.mfa import admin as allauth_admin
from allauth.mfa.base.internal.flows import delete_and_cleanup
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest

from firms.invitations import send_again
from firms.membership import Refused, change_role, is_last_owner, record, remove
from firms.models import Firm, Invitation, Membership, TeamEvent, User
from firms.roles import Role
from firms.scoping import FirmOwned


class FirmOwnedAdmin(admin.ModelAdmin):
    """Read-only by default, over the rows of every firm."""

    list_filter: ClassVar[tuple[str, ...]] = ("firm",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[FirmOwned]:
        rows: models.QuerySet[FirmOwned] = self.model.all_firms.all()
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class MembershipInline(admin.StackedInline):
    """A new firm gets its owner here; later changes are made one by one, so that the team's history tells of them."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user",)
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return obj is None

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return obj is None

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class MembershipForm(forms.ModelForm):
    def clean_role(self) -> str:
        role: str = self.cleaned_data["role"]
        if self.instance.pk and role != Role.OWNER and is_last_owner(self.instance):
            raise forms.ValidationError("This is the only owner. Make somebody else an owner first.")
        return role


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    list_display = ("email", "name", "is_active", "is_staff", "date_joined")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "groups", "date_joined", "last_login")
    readonly_fields = ("date_joined", "last_login")

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


@admin.register(Firm)
class FirmAdmin(admin.ModelAdmin):
    list_display = ("name", "slug", "timezone", "created_at")
    search_fields = ("name", "slug")
    inlines = (MembershipInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Firm | None = None) -> tuple[str, ...]:
        return ("slug", "created_at") if obj else ("created_at",)

    def has_delete_permission(self, request: HttpRequest, obj: Firm | None = None) -> bool:
        return False


admin.site.unregister(Authenticator)  # theirs, which shows the secrets


@admin.register(Authenticator)
class AuthenticatorAdmin(allauth_admin.AuthenticatorAdmin):
    """Secrets are not shown. Taking one away lets somebody in who has lost their phone and their recovery codes."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = ("user", "type", "created_at", "last_used_at")
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        """With the last of a person go the recovery codes."""
        delete_and_cleanup(request, obj)


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    """What support changes stands in the team's history, and the last owner stays."""

    form = MembershipForm
    list_display = ("user", "firm", "role", "created_at")
    list_filter = ("role",)
    search_fields = ("user__email", "firm__name", "firm__slug")
    autocomplete_fields = ("user", "firm")
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        return ("user", "firm") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and is_last_owner(obj))

    def save_model(self, request: HttpRequest, obj: Membership, form: forms.ModelForm, change: bool) -> None:
        if change:
            change_role(obj.firm, obj.user, Role(obj.role))
        else:
            super().save_model(request, obj, form, change)
            record(obj.firm, TeamEvent.What.JOINED, obj.user.email, None, Role(obj.role))

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        remove(obj.firm, obj.user)


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):
    """The token's hash is not shown."""

    list_display = ("email", "firm", "role", "sent_at", "expires_at", "accepted_at", "revoked_at")
    search_fields = ("email", "firm__name", "firm__slug")
    exclude = ("token_hash",)
    actions = ("send_again",)

    @admin.action(description="Resend an invitation: a new link, the old one ends", permissions=["view"])
    def send_again(self, request: HttpRequest, chosen: models.QuerySet[Invitation]) -> None:
        """In the name of whoever made it."""
        for offer in chosen.select_related("firm", "invited_by"):
            try:
                made = send_again(offer, None)
            except Refused as refused:
                self.message_user(request, str(refused), messages.ERROR)
            else:
                sent = (
                    f"Sent again to {made.email}."
                    if made.sent_at
                    else f"{made.email}: the mail server did not take it."
                )
                self.message_user(request, sent, messages.SUCCESS if made.sent_at else messages.ERROR)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False


@admin.register(TeamEvent)
class TeamEventAdmin(admin.ModelAdmin):
    list_display = ("at", "firm", "what", "whom", "by", "role_before", "role")
    list_filter = ("what",)
    list_select_related = ("firm",)
    search_fields = ("firm__name", "firm__slug", "whom", "by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: TeamEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TeamEvent | None = None) -> bool:
        return False
