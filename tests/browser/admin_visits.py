"""Support's pages: a list of each of our models, and one page of every other sort."""

from django.contrib.admin import site
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from firms import membership
from firms.models import Membership, User
from integrations.models import Delivery, SyncEvent
from tests.browser.visits import Visits
from tests.models.rows import NOW, one_of_each
from tests.personas import person, signed_in

OURS = ("firms", "integrations")
ALONE = ("index", "password_change", "password_change_done")
SORTS = ("changelist", "add", "history", "delete", "change")


def names() -> set[str]:
    """Every address of support that is visited, or is of a sort of which another model's is."""
    of_models = {f"admin:{_named(model)}_{sort}" for model in site._registry for sort in SORTS}
    options = [model._meta for model in site._registry]
    short = {f"admin:admin/{one.app_label}/{one.model_name}/<path:object_id>/" for one in options}
    alone = {f"admin:{name}" for name in (*ALONE, "app_list")}
    return of_models | short | alone | {"admin:admin/(?P<url>.*)$"}


def prepare() -> tuple[Visits, dict[str, Client]]:
    support = person("Sue")
    User.objects.filter(pk=support.pk).update(is_staff=True, is_superuser=True)
    firm = membership.create_firm(person("Alice"), "Acme Law", "acme")
    one_of_each(firm, support)
    Delivery.objects.create(system="clio", body_sha256="0" * 64, received_at=NOW, size=2)
    joined = Membership.objects.create(firm=firm, user=support, role="viewer")
    found = [reverse(f"admin:{name}") for name in ALONE]
    found += [reverse("admin:app_list", args=["integrations"]), reverse("admin:firms_firm_add")]
    found += [reverse(f"admin:{_named(model)}_changelist") for model in site._registry if model._meta.app_label in OURS]
    found += [reverse(f"admin:firms_firm_{sort}", args=[firm.pk]) for sort in ("change", "history")]
    found += [reverse("admin:firms_membership_delete", args=[joined.pk])]
    found += [reverse("admin:integrations_syncevent_change", args=[SyncEvent.objects.of(firm).get().pk])]
    return {"support": [("support", path) for path in found]}, {"support": signed_in(support)}


def _named(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"
