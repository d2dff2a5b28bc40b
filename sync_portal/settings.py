"""Settings. Every environment variable is read at the top; everything below follows from them."""

from pathlib import Path
from urllib.parse import urlsplit

from django.utils.csp import CSP

from sync_portal.database import databases
from sync_portal.environment import Environment, origins
from sync_portal.logs import configure_structlog, logging_config, start_error_reports

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

DEBUG = env.flag("DEBUG")
SANDBOX = env.flag("SANDBOX")
LOCAL = DEBUG or SANDBOX
SITE_URL = env.site("SITE_URL", "http://localhost:8000")
SITE_HOST = urlsplit(SITE_URL).hostname or ""
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", [SITE_HOST, "localhost", "127.0.0.1"] if LOCAL else [SITE_HOST])
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS", [SITE_URL])
DATA_DIR = env.data_dir("DATA_DIR", BASE_DIR / "var")
SECRET_KEY = env.secret_key("SECRET_KEY", DATA_DIR / "secret_key" if LOCAL else None)
TOKEN_KEYS = env.token_keys("TOKEN_KEYS", DATA_DIR / "token_keys" if LOCAL else None)
DATABASES = databases(env.database("DATABASE_URL"), DATA_DIR)
SPEC_DIR = env.folder("SPEC_DIR")
Q_WORKERS = env.number("Q_WORKERS", 2, least=1, most=64)
SILENCED_SYSTEM_CHECKS = ["mail.E001"]  # sync_portal.checks says it in our words
MAILERS = {"default": env.mailer("EMAIL_URL")}
DEFAULT_FROM_EMAIL = f"Sync Portal <no-reply@{SITE_HOST}>"
SENTRY_DSN = env.dsn("SENTRY_DSN")

STAND_INS = f"{SITE_URL}/sandbox"
CLIO_APP = ("sandbox-clio", "sandbox-clio-secret") if SANDBOX else ("", "")
CLIO_REGIONS = {
    "us": env.clio("CLIO", f"{STAND_INS}/clio" if SANDBOX else "https://app.clio.com", CLIO_APP),
    "eu": env.clio("CLIO_EU", f"{STAND_INS}/clio-eu" if SANDBOX else "https://eu.app.clio.com", CLIO_APP),
    "ca": env.clio("CLIO_CA", f"{STAND_INS}/clio-ca" if SANDBOX else "https://ca.app.clio.com", CLIO_APP),
    "au": env.clio("CLIO_AU", f"{STAND_INS}/clio-au" if SANDBOX else "https://au.app.clio.com", CLIO_APP),
}
QBO = env.quickbooks(f"{STAND_INS}/quickbooks" if SANDBOX else "")
METERED_READS_A_MONTH = 500_000  # of the whole app (Intuit: app partner program, first tier); a paid tier has more
SANDBOX_FILE = DATA_DIR / "sandbox.sqlite3"
SANDBOX_RUNNING = "integrations.sandbox.server.running" if SANDBOX else None

SECURE = SITE_URL.startswith("https://")
ROOT_URLCONF = "sync_portal.urls"
WSGI_APPLICATION = "sync_portal.wsgi.application"
AUTH_USER_MODEL = "firms.User"
SITE_ID = None
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATE_FORMAT = "j M Y"

INSTALLED_APPS = [
    "firms",
    "integrations",
    "sync_portal",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_q",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "sync_portal.middleware.private_answers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "sync_portal.middleware.note_activity",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sync_portal.frame.frame",
                "integrations.context.state",
            ],
        },
    }
]

FORM_RENDERER = "sync_portal.forms.Renderer"

# Sign-in limits are counted in the cache, so every process must share it; the queue's figures need no sharing.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "portal_cache"},
    "queue": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}
Q_CLUSTER = {
    "name": "portal",
    "orm": "default",
    "cache": "queue",
    "workers": Q_WORKERS,
    # A task is one slice of work (integrations.checks holds these to it). The timeout is for what hangs: a preview and
    # a comparison of both systems are made in one piece, at Clio's 50 calls a minute. A message that waits in a
    # worker's own queue counts as taken, hence the long time until it is given to another; ticks ring before that.
    "timeout": 1800,
    "retry": 3 * 1800 + 60,
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "bulk": 1,
    "queue_limit": 1,
    "poll": 1,
    "recycle": 200,
    "max_rss": 400_000,
    "save_limit": 100,
    "label": "Background queue",
}

STATIC_URL = "static/"
STATIC_ROOT = None if LOCAL else BASE_DIR / "staticfiles"  # local use serves the sources
MANIFEST_STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"
PLAIN_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": PLAIN_STORAGE if LOCAL else MANIFEST_STORAGE},
}
WHITENOISE_USE_FINDERS = LOCAL
WHITENOISE_AUTOREFRESH = DEBUG

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional" if LOCAL else "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_ADAPTER = "integrations.two_step.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Sync Portal"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
USERSESSIONS_TRACK_ACTIVITY = True

SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
CONSENT_ORIGINS = [
    "https://*.intuit.com",
    *origins(QBO["discovery_url"], *(r["base_url"] for r in CLIO_REGIONS.values())),
]
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],  # the QR code of two-step sign-in
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF, *CONSENT_ORIGINS],  # connecting ends in a redirect, which browsers count as the form's
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}

configure_structlog()
LOGGING = logging_config()
start_error_reports(SENTRY_DSN)
