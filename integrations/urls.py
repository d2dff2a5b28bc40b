"""Addresses of the integrations: inside a firm, and those the two systems call."""

from django.urls import URLPattern, URLResolver, path, register_converter

from integrations.converters import KindConverter, PartConverter, SystemConverter
from integrations.views import (
    connections,
    customers,
    dashboard,
    hooks,
    issue_acts,
    issues,
    log,
    mappings,
    notices,
    preview,
    proof,
    records,
    runs,
    setup,
    trust,
)

register_converter(SystemConverter, "system")
register_converter(KindConverter, "kind")
register_converter(PartConverter, "part")

firm_patterns: list[URLPattern | URLResolver] = [
    path("", dashboard.dashboard, name="dashboard"),
    path("sync/", dashboard.sync, name="sync"),
    path("live/", dashboard.live, name="live"),
    path("setup/", setup.setup, name="setup"),
    path("setup/check/", setup.check, name="check"),
    path("setup/start/", setup.start, name="start_date"),
    path("setup/start/<part:part>/", setup.counted, name="counted"),
    path("setup/opening.csv", setup.opening, name="opening"),
    path("setup/adopt/", setup.adopt, name="adopt_first"),
    path("setup/match/<int:pk>/", setup.match, name="match"),
    path("connections/", connections.connections, name="connections"),
    path("connections/purge/", connections.purge, name="purge"),
    path("connections/<system:system>/connect/", connections.connect, name="connect"),
    path("connections/<system:system>/disconnect/", connections.disconnect, name="disconnect"),
    path("connections/quickbooks/confirm/", connections.confirm, name="confirm_company"),
    path("mappings/", mappings.mappings, name="mappings"),
    path("mappings/read/", mappings.read_again, name="read_targets"),
    path("emails/", notices.notices, name="notices"),
    path("preview/", preview.preview, name="preview"),
    path("errands/<int:pk>/", preview.errand, name="errand"),
    path("runs/", runs.runs, name="runs"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("log/", log.log, name="log"),
    path("log/download/", log.download, name="log_file"),
    path("issues/", issues.issues, name="issues"),
    path("issues/adopt/", issue_acts.adopt_all, name="adopt_all"),
    path("issues/selected/", issue_acts.selected, name="selected_issues"),
    path("issues/<int:pk>/", issues.issue, name="issue"),
    path("issues/<int:pk>/note/", issue_acts.note, name="note_issue"),
    path("issues/<int:pk>/assign/", issue_acts.assign, name="assign_issue"),
    path("issues/<int:pk>/take-back/", issue_acts.take_back, name="take_back"),
    path("records/<kind:kind>/", records.records, name="records"),
    path("records/<kind:kind>/<slug:practice_id>/", records.record, name="record"),
    path("trust/", trust.trust, name="trust"),
    path("trust/opening.csv", trust.opening, name="trust_opening"),
    path("proof/", proof.proof, name="proof"),
    path("proof/<int:pk>/", proof.earlier, name="earlier_proof"),
    path("quickbooks-only/", customers.quickbooks_only, name="quickbooks_only"),
    path("quickbooks-only/download/", customers.download, name="quickbooks_only_file"),
    path("quickbooks-only/<slug:customer_id>/", customers.customer, name="customer"),
]
root_patterns: list[URLPattern | URLResolver] = [
    path("oauth/<system:system>/callback/", connections.callback, name="oauth_callback"),
    path("hooks/clio/<path:token>/", hooks.clio, name="clio_hook"),
    path("hooks/quickbooks/", hooks.quickbooks, name="quickbooks_hook"),
]
