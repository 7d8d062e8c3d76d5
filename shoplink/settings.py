"""The settings, from the environment and `.env`; .env.example lists the names."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from channels_amazon.rules.pasted_ids import PastedId, tidy
from channels_amazon.rules.privacy.retention import LOG_DAYS
from shoplink.admin_look import UNFOLD as UNFOLD
from shoplink.environment import Environment, bounded_redis
from shoplink.sqlite_file import make_folder

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / "data"

env = Environment()
# What the process was started with wins over the file.
env.read_env(os.environ.get("ENV_FILE", str(BASE_DIR / ".env")))

DEBUG = env.switch("DEBUG", default=False)
# Plain http is for a demonstration on the machine itself and for development.
HTTPS_ONLY = env.switch("HTTPS_ONLY", default=not DEBUG)
BEHIND_PROXY = env.switch("BEHIND_PROXY", default=False)
# How many proxies of ours add to X-Forwarded-For; client_address.py reads it.
PROXY_COUNT = env.count("PROXY_COUNT", 1)
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS", "")

# -- Secrets --------------------------------------------------------------------------

SECRET_KEY = env.secret("SECRET_KEY", required=not DEBUG) or "for-development-only"
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS", "")
# The first key encrypts, every key decrypts.
FERNET_KEYS = [
    key.strip()
    for key in env.secret("FERNET_KEYS", required=not DEBUG).split(",")
    if key.strip()
] or [SECRET_KEY]

# -- Application ----------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "django_q",
    "channels_amazon",
    "shoplink",
]

MIDDLEWARE = [
    # Before anything asks for the host's name.
    "shoplink.probes.answer_probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Before all that draws pages or changes them.
    "shoplink.compression.CompressedPages",
    "csp.middleware.CSPMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    # Its answer is a page in the reader's language; before it nobody looks anything up,
    # not even a session.
    "shoplink.readable_requests.refuse_unreadable",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "shoplink.kept_forms.note_taken",
    # Before the look for the form's secret, which reads the body.
    "shoplink.body_limit.BodyLimit",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "shoplink.refused_pages.RefusedPagesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    # After the messages: it says why somebody is signed out.
    "shoplink.session_limits.end_unused_sessions",
    # Once it is known who reads, and before anything of theirs is read or drawn.
    "channels_amazon.views.local_time.use_readers_zone",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Last, so that it sees the outcome of every sign-in.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "shoplink.urls"
WSGI_APPLICATION = "shoplink.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# -- Database and task queue ----------------------------------------------------------

SQLITE_OPTIONS: dict[str, Any] = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
        "PRAGMA busy_timeout=20000; PRAGMA foreign_keys=ON;"
    ),
}


# Seconds to wait for a server that does not answer; DATABASE_URL may say otherwise.
POSTGRESQL_OPTIONS: dict[str, Any] = {"connect_timeout": 5}


def _database() -> dict[str, Any]:
    default = f"sqlite:///{DATA_DIR / 'shoplink.sqlite3'}"
    database: dict[str, Any] = env.db_url_config(
        env.secret("DATABASE_URL", required=False, default=default)
    )
    engine = database.get("ENGINE", "")
    if engine.endswith("sqlite3"):
        make_folder(Path(database["NAME"]))
        return database | {"CONN_MAX_AGE": None, "OPTIONS": SQLITE_OPTIONS}
    if engine.endswith("postgresql"):
        options = POSTGRESQL_OPTIONS | database.get("OPTIONS", {})
        kept = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
        return database | kept | {"OPTIONS": options}
    msg = "DATABASE_URL must begin with sqlite:/// or postgres://."
    raise ImproperlyConfigured(msg)


# No ATOMIC_REQUESTS: on SQLite each GET would then take the only write lock.
DATABASES = {"default": _database()}

REDIS_URL = env.secret("REDIS_URL", required=False)

# A worker mostly waits for Amazon, 150 ms a call: 12,000 accounts want 53 calls/s, so
# eight are at it at any time, and orders come beside. Hence more workers than cores.
# Each keeps one connection to the database. SQLite has one writer at a time: more
# workers would only wait for each other there.
WORKERS = 12 if DATABASES["default"]["ENGINE"].endswith("postgresql") else 4

# `retry` counts from the moment a task is pulled, so a worker pulls one at a time and
# `retry` stays above `timeout`. A `save_limit` above 0 locks that many rows per task.
# The limits of runs and maintenance derive from `timeout` (services/jobs/queue.py).
Q_CLUSTER: dict[str, Any] = {
    "name": "shoplink",
    "label": _("Task queue"),
    "workers": env.count("QUEUE_WORKERS", WORKERS),
    "queue_limit": 1,
    "bulk": 1,
    "poll": 0.2,
    "timeout": 60,
    "retry": 90,
    "max_attempts": 3,
    # The supervisor takes the end of any process for a fault: recycle rarely.
    "recycle": 100_000,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "log_level": "WARNING",
} | ({"redis": bounded_redis(REDIS_URL)} if REDIS_URL else {"orm": "default"})

# -- Sign-in --------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATORS}.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "admin:login"

# The limits themselves are in sign_in.py, which counts by user, address and both.
AXES_HANDLER = "shoplink.sign_in.SignInHandler"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
# Else a stranger could keep a user locked out for ever, at one attempt in 15 minutes.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "shoplink.client_address.client_network"
AXES_LOCKOUT_CALLABLE = "shoplink.sign_in.locked_out"

# -- Transport security ---------------------------------------------------------------

SECURE_SSL_REDIRECT = HTTPS_ONLY
# Browsers keep to it for so long, whatever becomes of the certificate.
_YEAR = 365 * 24 * 3600
SECURE_HSTS_SECONDS = env.count("HSTS_SECONDS", _YEAR, least=0) if HTTPS_ONLY else 0
# What these say is of other machines too, so it is the host's choice: off by default,
# and Django's advice to set them is left out.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.switch("HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.switch("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if SECURE_HSTS_PRELOAD and not (
    SECURE_HSTS_INCLUDE_SUBDOMAINS and SECURE_HSTS_SECONDS >= _YEAR
):
    raise ImproperlyConfigured(
        "HSTS_PRELOAD needs HSTS_INCLUDE_SUBDOMAINS=true and HSTS_SECONDS of a year: "
        "browsers' lists take no other."
    )
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SECURE = HTTPS_ONLY
LANGUAGE_COOKIE_SECURE = HTTPS_ONLY
# The longest session, however it is used, and the longest time without a use.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_MINUTES = env.count("SESSION_IDLE_MINUTES", 60)
# Lax, not Strict: Amazon leads the merchant back to the callback with a link.
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "channels_amazon.views.errors.csrf_failure"

# -- What a request may cost ----------------------------------------------------------

# Of every body; a page that takes files has a limit of its own for who is signed in.
BODY_LIMIT_BYTES = 1024 * env.count("BODY_LIMIT_KB", 256)
# Of names in an address or a form: the longest line of an address that gunicorn takes
# holds fewer. A page says itself how much of what is chosen there it takes.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# -- Where Amazon is ------------------------------------------------------------------

SPAPI_APP_ID = env.pasted("SPAPI_APP_ID", PastedId.APP_ID)
# A draft of an application needs a mark in the consent address, else MD1000.
SPAPI_APP_DRAFT = env.switch("SPAPI_APP_DRAFT", default=False)
LWA_CLIENT_ID = env.pasted("LWA_CLIENT_ID", PastedId.CLIENT_ID)
LWA_CLIENT_SECRET = tidy(env.secret("LWA_CLIENT_SECRET", required=False))
OAUTH_REDIRECT_URI = tidy(env.str("OAUTH_REDIRECT_URI", default=""))

_SPAPI = "https://sellingpartnerapi"
SPAPI_ENDPOINT_NA = env.http_base("SPAPI_ENDPOINT_NA", f"{_SPAPI}-na.amazon.com")
SPAPI_ENDPOINT_EU = env.http_base("SPAPI_ENDPOINT_EU", f"{_SPAPI}-eu.amazon.com")
SPAPI_ENDPOINT_FE = env.http_base("SPAPI_ENDPOINT_FE", f"{_SPAPI}-fe.amazon.com")
LWA_TOKEN_URL = env.http_base("LWA_TOKEN_URL", "https://api.amazon.com/auth/o2/token")

_CENTRAL = "https://sellercentral"
SELLER_CENTRAL_URL_NA = env.http_base("SELLER_CENTRAL_URL_NA", f"{_CENTRAL}.amazon.com")
SELLER_CENTRAL_URL_EU = env.http_base(
    "SELLER_CENTRAL_URL_EU", f"{_CENTRAL}-europe.amazon.com"
)
SELLER_CENTRAL_URL_FE = env.http_base(
    "SELLER_CENTRAL_URL_FE", f"{_CENTRAL}.amazon.co.jp"
)

# -- Exchange rates -------------------------------------------------------------------

# The European Central Bank's daily file. One with http:// is fetched without TLS.
ECB_RATES_URL = env.http_base(
    "ECB_RATES_URL", "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
)

# Amazon's API for new store orders that FBA ships; each keeps the one it began with.
FBA_OUTBOUND_VERSION: str = env.str("FBA_OUTBOUND_VERSION", default="2026-07-04")
if FBA_OUTBOUND_VERSION not in {"2026-07-04", "2020-07-01"}:
    raise ImproperlyConfigured("FBA_OUTBOUND_VERSION must be 2026-07-04 or 2020-07-01.")

# Notifications; boto3 reads AWS_ENDPOINT_URL_SQS and its other variables itself.
SQS_QUEUE_URL = env.pasted("SQS_QUEUE_URL", PastedId.QUEUE_URL, is_strict=True)
SQS_QUEUE_ARN = env.pasted("SQS_QUEUE_ARN", PastedId.QUEUE_ARN, is_strict=True)

# Lets messages to a store go to addresses inside our own network, also by http://.
WEBHOOK_ALLOW_PRIVATE = env.switch("WEBHOOK_ALLOW_PRIVATE", default=False)
# Certificates (PEM) of an authority of one's own, trusted beside the usual ones.
WEBHOOK_CA_FILE: str = env.readable_file("WEBHOOK_CA_FILE")
# To this machine itself, where other services trust whoever asks: development alone.
WEBHOOK_ALLOW_LOOPBACK = env.switch("WEBHOOK_ALLOW_LOOPBACK", default=False)
if WEBHOOK_ALLOW_LOOPBACK and not DEBUG:
    raise ImproperlyConfigured("WEBHOOK_ALLOW_LOOPBACK is for DEBUG=true alone.")

# -- Content security policy ----------------------------------------------------------


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


# A form that is answered by a redirect to Seller Central needs its origin here too.
SELLER_CENTRAL_ORIGINS = sorted(
    {
        _origin(address)
        for address in (
            SELLER_CENTRAL_URL_NA,
            SELLER_CENTRAL_URL_EU,
            SELLER_CENTRAL_URL_FE,
        )
    }
)

# Alpine inside the admin's look evaluates expressions, hence 'unsafe-eval'; every page
# it does not draw takes it away. Lint forbids unescaped markup for the same reason.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, UNSAFE_EVAL],
        "style-src": [SELF],
        "style-src-elem": [SELF],
        "style-src-attr": [UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *SELLER_CENTRAL_ORIGINS],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

# -- Languages, time ------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# -- Static files ---------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}

# -- Logs -----------------------------------------------------------------------------

# How long runs, calls, log entries and notifications are kept.
LOG_RETENTION_DAYS = env.count("LOG_RETENTION_DAYS", LOG_DAYS)
LOG_LEVEL: str = env.str("LOG_LEVEL", default="INFO").upper()
LOG_FORMAT: str = env.str(
    "LOG_FORMAT", default="text" if sys.stderr.isatty() else "json"
)
if LOG_FORMAT not in {"json", "text"}:
    raise ImproperlyConfigured("LOG_FORMAT must be json or text.")

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "shoplink.logs.JsonFormatter"},
        "text": {"()": "shoplink.logs.TextFormatter"},
    },
    "handlers": {
        "stderr": {"class": "shoplink.logs.StderrHandler", "formatter": LOG_FORMAT},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers would write lines that passed no redaction.
        "django": {"handlers": [], "propagate": True},
        # Its statements hold their values.
        "django.db.backends": {"level": "INFO"},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # It hides who and from where; sign_in.py says both, in one form.
        "axes": {"level": "ERROR"},
        "botocore": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
    },
}
