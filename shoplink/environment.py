"""Reads the environment for the settings: secrets from files, loud on nonsense."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from channels_amazon.rules.pasted_ids import PastedId, WrongForm, read, tidy

# Seconds for a connection to Redis, and for each of its answers. A worker's question
# for its next task is answered after one second, whether there is one or not
# (django_q/brokers/redis_broker.py): a limit below that would end every worker.
REDIS_LIMITS = {"socket_connect_timeout": 2, "socket_timeout": 5}


def bounded_redis(address: str) -> str:
    """Return the address of Redis with the limits of its client.

    Without them a Redis that takes the connection and does not answer would hold
    whoever asks it for ever. What the address says of them itself goes first.
    """
    mark = "&" if urlsplit(address).query else "?"
    return f"{address}{mark}{urlencode(REDIS_LIMITS)}"


class Environment(environ.FileAwareEnv):  # type: ignore[misc]
    """Read settings; `NAME_FILE` names a file that holds the value of `NAME`."""

    # Read anew each time: nothing keeps a secret longer than the settings do.
    ENVIRON = environ.FileAwareMapping(cache=False)

    def http_base(self, name: str, default: str) -> str:
        """Return the http(s) base address in `name`, without a slash at its end.

        Raises ImproperlyConfigured when it is no such address.
        """
        value = str(self.str(name, default=default)).strip().rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = f"{name} is {value!r}: an address with http:// or https:// is needed."
            raise ImproperlyConfigured(msg)
        if parts.query or parts.fragment:
            msg = f"{name} is {value!r}: a base address has no query and no fragment."
            raise ImproperlyConfigured(msg)
        return value

    def count(self, name: str, default: int, *, least: int = 1) -> int:
        """Return the whole number in `name`, at least `least`.

        Raises ImproperlyConfigured when it is none or too small.
        """
        try:
            value = int(self.int(name, default=default))
        except ValueError as error:
            msg = f"{name} must be a whole number."
            raise ImproperlyConfigured(msg) from error
        if value < least:
            msg = f"{name} is {value}: at least {least} is needed."
            raise ImproperlyConfigured(msg)
        return value

    def switch(self, name: str, *, default: bool) -> bool:
        """Return the yes or no in `name`.

        Raises ImproperlyConfigured for anything but true/false, yes/no, on/off, 1/0.
        """
        value = str(self.str(name, default=str(default))).strip().lower()
        if value in {"true", "yes", "on", "1"}:
            return True
        if value in {"false", "no", "off", "0", ""}:
            return False
        msg = f"{name} is {value!r}: it must be true or false."
        raise ImproperlyConfigured(msg)

    def secret(self, name: str, *, required: bool, default: str = "") -> str:
        """Return the secret in `name` or in the file that `NAME_FILE` names.

        Raises ImproperlyConfigured when a required one is missing or unreadable.
        """
        try:
            value = str(self.str(name, default=default)).strip()
        except OSError as error:
            msg = f"{name}_FILE cannot be read: {error.strerror}."
            raise ImproperlyConfigured(msg) from error
        if required and not value:
            msg = (
                f"{name} is not set. Set it or {name}_FILE; `make run` writes keys "
                "into .env, and .env.example shows how to make them by hand."
            )
            raise ImproperlyConfigured(msg)
        return value

    def readable_file(self, name: str) -> str:
        """Return the path in `name`, "" for none.

        Raises ImproperlyConfigured when there is no such file, or it cannot be read.
        """
        path = str(self.str(name, default="")).strip()
        if path:
            try:
                Path(path).open("rb").close()
            except OSError as error:
                msg = f"{name} cannot be read: {error.strerror}."
                raise ImproperlyConfigured(msg) from error
        return path

    def pasted(self, name: str, kind: PastedId, *, is_strict: bool = False) -> str:
        """Return the id in `name` without what pasting put around and into it.

        One of another form is left as it is, where the pages say what is wrong with
        it; with `is_strict` it raises ImproperlyConfigured.
        """
        value = tidy(str(self.str(name, default="")))
        try:
            return read(kind, value) if value else ""
        except WrongForm as error:
            if is_strict:
                msg = f"{name} is {value!r}: one looks like {error.example}."
                raise ImproperlyConfigured(msg) from error
        return value

    def names(self, name: str, default: str) -> list[str]:
        """Return the comma-separated names in `name`, without empty ones."""
        text = str(self.str(name, default=default))
        return [part.strip() for part in text.split(",") if part.strip()]
