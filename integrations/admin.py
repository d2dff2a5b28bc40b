"""Support's view of connections, runs, issues and the journal: no tokens, no bodies; it can only ask for a sync."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from firms.admin import FirmOwnedAdmin
from firms.models import User
from integrations.models import (
    Batch,
    Connection,
    Delivery,
    Dispatch,
    EntityLink,
    Errand,
    Issue,
    Mapping,
    Pairing,
    Proof,
    StaleMark,
    Subscription,
    SyncEvent,
    SyncRun,
)
from integrations.systems.clock import SystemClock
from integrations.tasks import ask_for_sync

FIRM = ("firm__name", "firm__slug")
COMPANY = ("pairing__ledger__name", "pairing__practice__name")


class ShownAdmin(FirmOwnedAdmin):
    """Every field as text: a form over rows of a firm would need that firm's context."""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        hidden = self.exclude or ()
        return [field.name for field in self.model._meta.fields if field.name not in hidden]


class PairingOwnedAdmin(ShownAdmin):
    """Rows of a pairing, found by firm and company; large tables are counted nowhere."""

    list_select_related: ClassVar = ("firm", "pairing")
    show_full_result_count = False


@admin.register(Connection)
class ConnectionAdmin(ShownAdmin):
    list_display = ("firm", "system", "name", "state", "region", "external_account_id", "connected_at", "confirmed_at")
    list_filter = ("system", "state")
    search_fields = (*FIRM, "name", "external_account_id", "region")
    list_select_related = ("firm",)


@admin.register(Pairing)
class PairingAdmin(ShownAdmin):
    list_display = ("firm", "practice", "ledger", "start_date", "next_sync_at", "quarantined_at", "archived_at")
    search_fields = (*FIRM, "practice__name", "ledger__name", "ledger__external_account_id")
    list_filter = ("quarantined_at",)
    list_select_related = ("firm", "practice", "ledger")
    actions = ("sync_now",)

    @admin.action(description="Ask for a sync, also where the schedule has stopped", permissions=["view"])
    def sync_now(self, request: HttpRequest, chosen: QuerySet[Pairing]) -> None:
        asked_by = request.user if isinstance(request.user, User) else None
        for pairing in chosen.filter(archived_at=None):
            ask_for_sync(pairing, asked_by, SystemClock())
        self.message_user(request, "A sync is asked for.")


@admin.register(Mapping)
class MappingAdmin(PairingOwnedAdmin):
    list_display = ("firm", "key", "name", "account", "account_type")
    search_fields = (*FIRM, "key", "name", "account")
    list_filter = ()


@admin.register(EntityLink)
class EntityLinkAdmin(PairingOwnedAdmin):
    list_display = ("firm", "kind", "practice_id", "leg", "ledger_entity", "ledger_id", "state", "linked_at")
    list_filter = ("kind", "state")
    search_fields = (*FIRM, *COMPANY, "practice_id", "ledger_id")


@admin.register(SyncRun)
class SyncRunAdmin(PairingOwnedAdmin):
    list_display = ("id", "firm", "state", "outcome", "trigger", "started_at", "finished_at", "held_by", "reason")
    list_filter = ("outcome", "state", "trigger")
    search_fields = (*FIRM, *COMPANY, "reason")


@admin.register(Issue)
class IssueAdmin(PairingOwnedAdmin):
    list_display = ("id", "firm", "code", "severity", "state", "title", "opened_at")
    list_filter = ("severity", "state", "code")
    search_fields = (*FIRM, *COMPANY, "title", "practice_id", "ledger_id")


@admin.register(SyncEvent)
class SyncEventAdmin(PairingOwnedAdmin):
    """The journal; a bill is found by its number in the title."""

    list_display = (
        "at",
        "firm",
        "outcome",
        "kind",
        "title",
        "ledger_entity",
        "ledger_id",
        "amount",
        "currency",
        "code",
    )
    list_filter = ("outcome", "kind")
    search_fields = (*FIRM, *COMPANY, "title", "practice_id", "ledger_id")


@admin.register(Batch)
class BatchAdmin(PairingOwnedAdmin):
    """Requests that carried several writes; what was in them is not shown."""

    list_display = ("id", "firm", "operation", "entity", "request_id", "sent_at")
    list_filter = ("entity", "operation")
    search_fields = (*FIRM, *COMPANY, "request_id")
    exclude = ("body",)


@admin.register(Dispatch)
class DispatchAdmin(PairingOwnedAdmin):
    """Writes by their ids and outcome; what was in them is not shown."""

    list_display = (
        "id",
        "firm",
        "operation",
        "entity",
        "kind",
        "practice_id",
        "state",
        "request_id",
        "batch",
        "error_code",
        "sent_at",
    )
    list_filter = ("state", "entity", "operation")
    search_fields = (*FIRM, *COMPANY, "practice_id", "ledger_id", "request_id", "vendor_id")
    exclude = ("body", "plan", "answer")


@admin.register(Errand)
class ErrandAdmin(PairingOwnedAdmin):
    list_display = ("id", "firm", "purpose", "state", "asked_by", "asked_at", "held_by", "finished_at", "error")
    list_filter = ("purpose", "state")
    search_fields = (*FIRM, *COMPANY, "error")
    exclude = ("result",)


@admin.register(Proof)
class ProofAdmin(PairingOwnedAdmin):
    """When both systems were compared and what came of it; the figures are not shown."""

    list_display = ("id", "firm", "made_at", "is_nightly", "asked_by", "is_equal", "differing", "unexplained", "reason")
    list_filter = ("is_equal", "is_nightly")
    search_fields = (*FIRM, *COMPANY, "reason")
    exclude = ("report",)


@admin.register(Subscription)
class SubscriptionAdmin(ShownAdmin):
    """What Clio tells us of, and until when; neither the address nor the secret is shown."""

    list_display = ("id", "firm", "connection", "model", "state", "expires_at", "heard_at", "unheard_since", "failure")
    list_filter = ("state", "model")
    search_fields = (*FIRM, "connection__name", "external_id")
    list_select_related = ("firm", "connection")
    exclude = ("token_digest", "sealed")


@admin.register(StaleMark)
class StaleMarkAdmin(PairingOwnedAdmin):
    list_display = ("id", "firm", "side", "entity", "external_id", "since")
    list_filter = ("side", "entity")
    search_fields = (*FIRM, *COMPANY, "external_id")


@admin.register(Delivery)
class DeliveryAdmin(ShownAdmin):
    """Webhooks that came and were signed as they should be. What they said is not kept."""

    list_display = ("id", "received_at", "system", "outcome", "events", "accounts", "size", "shape")
    list_filter = ("system", "outcome")
    search_fields = ("body_sha256", "accounts", "subscription__firm__name", "subscription__firm__slug")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return Delivery.objects.all()
