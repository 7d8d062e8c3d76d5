"""The project's settings for tests: keys of their own, no `.env`, quick hashing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.network import block_other_hosts

block_other_hosts()

# Processes that a test starts inherit these, and so share the database and the keys.
os.environ["ENV_FILE"] = os.devnull
os.environ.setdefault("SHOPLINK_TEST_RUN", str(os.getpid()))
os.environ.setdefault("SECRET_KEY", "tests-only-" + "s" * 50)
os.environ.setdefault("FERNET_KEYS", "tests-only-key-of-more-than-32-bytes-0001")
os.environ.setdefault("HTTPS_ONLY", "false")
os.environ.setdefault("LOG_FORMAT", "json")
os.environ.setdefault("LOG_LEVEL", "DEBUG")

from shoplink import settings as project  # noqa: E402

globals().update({n: getattr(project, n) for n in dir(project) if n.isupper()})

_RUN = os.environ["SHOPLINK_TEST_RUN"]
_SCRATCH = Path(tempfile.gettempdir()) / f"shoplink-tests-{_RUN}"

# A file, not memory: several processes and threads open it, as in production.
_ON_SQLITE = project.DATABASES["default"]["ENGINE"].endswith("sqlite3")
_TEST_NAME = str(_SCRATCH / "test.sqlite3") if _ON_SQLITE else f"shoplink_test_{_RUN}"
DATABASES = {"default": project.DATABASES["default"] | {"TEST": {"NAME": _TEST_NAME}}}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATA_DIR = _SCRATCH
STATIC_ROOT = _SCRATCH
WHITENOISE_AUTOREFRESH = True
STORAGES = project.STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
