"""Every address of the portal."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from firms import urls as firms
from integrations import urls as integrations
from sync_portal import views

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Sync Portal support"

urlpatterns = [
    path("", include(firms.root_patterns)),
    path("theme/", views.theme, name="theme"),
    path("docs/", views.manual_page, name="manual"),
    path("docs/<slug:name>/", views.manual_page, name="manual_page"),
    path("docs/screenshots/<slug:name>.png", views.manual_picture, name="manual_picture"),
    path("accounts/", include("allauth.urls")),
    path("f/<slug:firm>/team/", include(firms.firm_patterns)),
    path("f/<slug:firm>/", include(integrations.firm_patterns)),
    path("", include(integrations.root_patterns)),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    path("admin/", admin.site.urls),
]
if settings.SANDBOX:
    urlpatterns.append(path("sandbox/", include("integrations.sandbox.urls")))

handler400 = "sync_portal.views.bad_request"
handler403 = "sync_portal.views.forbidden"
handler404 = "sync_portal.views.not_found"
handler500 = "sync_portal.views.broken"
