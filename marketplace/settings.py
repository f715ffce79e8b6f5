"""All settings, from the environment. MODE is `production` (default), `demo` or `test`.

Production refuses to start without its secrets; the demo and the tests run on public throw-away ones.
"""

import hashlib
import os
import sys
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

MODE = os.environ.get("MODE", "production")
DEMO = MODE == "demo"
TESTING = MODE == "test"
PRODUCTION = MODE == "production"


def required(name, throwaway):
    """The variable, or outside production the throw-away value."""
    value = os.environ.get(name, "" if PRODUCTION else throwaway)
    if not value:
        raise ImproperlyConfigured(f"Set {name}: production does not start without it (see docs/operations.md).")
    return value


def required_list(name, throwaway):
    return [part.strip() for part in required(name, throwaway).split(",") if part.strip()]


DEBUG = False
SECRET_KEY = required("SECRET_KEY", "demo-" + hashlib.sha256(str(BASE_DIR).encode()).hexdigest())
ALLOWED_HOSTS = required_list("ALLOWED_HOSTS", "127.0.0.1,localhost,testserver")
SITE_URL = required("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
DATA_DIR = Path(os.environ.get("DATA_DIR", BASE_DIR / "var"))

# Applications

INSTALLED_APPS = [
    "marketplace",
    "accounts",
    "missions",
    "payments",
    "messaging",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "lucide",
    "django.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.LoginMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.StaffSecondFactorMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "marketplace.middleware.MethodNotAllowedMiddleware",
]

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["marketplace.templatetags.formatting", "django.templatetags.i18n"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "marketplace.context_processors.site",
                "messaging.context_processors.unread",
            ],
        },
    }
]

# Data

DATABASES = {"default": dj_database_url.parse(required("DATABASE_URL", "postgresql:///monagentdesecu"))}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # a restart of PostgreSQL leaves dead connections in the pool
DATABASES["default"]["OPTIONS"] = {
    "pool": False if TESTING else {"min_size": 1, "max_size": 10, "timeout": 10},
    "options": "-c lock_timeout=5s -c statement_timeout=30s",
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sessions and rate limits stay out of Redis: with it away, allauth would answer 500 to every login.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # rate limits by address, and addresses found by the geocoder
    }
}

ENCRYPTION_KEYS = required_list("ENCRYPTION_KEYS", "ZGVtby1vbmx5LWVuY3J5cHRpb24ta2V5LTMyLWJ5dGU=")

S3_BUCKET = os.environ.get("S3_BUCKET")
if S3_BUCKET:
    _files = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": os.environ.get("S3_ENDPOINT_URL"),
            "default_acl": "private",
            "file_overwrite": False,
        },
    }
else:
    _files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files", "file_permissions_mode": 0o600},
    }
STORAGES = {
    "default": _files,
    "private_files": _files,
    "private": {"BACKEND": "marketplace.encryption.EncryptedStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

STATIC_URL = "/static/"
# Collected for production; elsewhere files are served from where they are.
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION

# Work in the background: the database is the truth, a task is only a hint

CELERY_BROKER_URL = required("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
    # A publish gives up at once when Redis is away, rather than keep a visitor waiting: the sweep finds the row.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "connect_retries_timeout": 1,
}
CELERY_VISIBILITY_TIMEOUT = 300
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": 300}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Strangers' calendars may be slow: they have a worker of their own, and keep neither money nor e-mails waiting.
CELERY_TASK_ROUTES = {"accounts.tasks.read_external_calendar": {"queue": "calendars"}}
CELERY_TASK_TIME_LIMIT = 240
CELERY_TASK_SOFT_TIME_LIMIT = 200
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ALWAYS_EAGER = TESTING
CELERY_TASK_EAGER_PROPAGATES = TESTING
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": 60.0}
    for name in (
        "accounts.tasks.sweep_notifications",
        "accounts.tasks.sweep_external_calendars",
        "missions.tasks.sweep_missions",
        "payments.tasks.sweep_payments",
        "payments.tasks.reconcile",
        "messaging.tasks.sweep_threads",
    )
}

# Language and time: French first; instants are UTC, people read the wall time of the site

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("Français")), ("en", _("Anglais"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"

# People

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = reverse_lazy("after_login")
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_FORMS = {
    "login": "accounts.forms.entrance.LoginForm",
    "signup": "accounts.forms.entrance.SignupForm",
    "change_password": "accounts.forms.entrance.ChangePasswordForm",
    "reset_password": "accounts.forms.entrance.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.entrance.ResetPasswordKeyForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# A code keeps the person in the tab, and so on the search they came from; a link would open another one.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_SESSION_REMEMBER = True
USERSESSIONS_TRACK_ACTIVITY = False
MFA_ADAPTER = "accounts.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = False
MFA_TOTP_ISSUER = "MonAgentDeSécu"
if TESTING:
    ACCOUNT_RATE_LIMITS = False

# E-mail

DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "MonAgentDeSécu <bonjour@monagentdesecu.com>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
STAFF_EMAIL = os.environ.get("STAFF_EMAIL", "equipe@monagentdesecu.com")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = required("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = PRODUCTION
EMAIL_TIMEOUT = 10
if DEMO:
    EMAIL_BACKEND = "marketplace.demo.mails.EmailBackend"
    EMAIL_FILE_PATH = DATA_DIR / "mails"

# Places

# Exact addresses: the State's geocoder, https://data.geopf.fr/geocodage/search. Empty, communes are enough.
GEOCODER_URL = os.environ.get("GEOCODER_URL", "") if PRODUCTION else ""

# Money

COMMISSION_BASIS_POINTS = int(os.environ.get("COMMISSION_BASIS_POINTS", "1500"))
STRIPE_SECRET_KEY = required("STRIPE_SECRET_KEY", "sk_test_simulator")
STRIPE_WEBHOOK_SECRETS = required_list("STRIPE_WEBHOOK_SECRETS", "whsec_simulator")
STRIPE_THIN_WEBHOOK_SECRETS = required_list("STRIPE_THIN_WEBHOOK_SECRETS", "whsec_simulator_thin")
STRIPE_API_BASE = os.environ.get("STRIPE_API_BASE", "")
STRIPE_HOSTED_PAGES = (
    [STRIPE_API_BASE] if STRIPE_API_BASE else ["https://checkout.stripe.com", "https://connect.stripe.com"]
)
STRIPE_ENV = os.environ.get("STRIPE_ENV", MODE)
if STRIPE_API_BASE and not STRIPE_SECRET_KEY.startswith(("sk_test_", "rk_test_")):
    raise ImproperlyConfigured("STRIPE_API_BASE is for the simulator: it never goes with a live Stripe key.")
if not PRODUCTION and "_live_" in STRIPE_SECRET_KEY:
    raise ImproperlyConfigured("The demo and the tests never run with a live Stripe key.")
if STRIPE_API_BASE and PRODUCTION:
    raise ImproperlyConfigured("STRIPE_API_BASE is for the simulator: production talks to Stripe itself.")

# Pages

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF, *STRIPE_HOSTED_PAGES],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "manifest-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "marketplace.views.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrf"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # Addresses carry numbers, never names; still, Django would log each refused page with its query string.
    "loggers": {"django.request": {"level": "ERROR"}, "stripe": {"level": "WARNING"}},
}
