"""How gunicorn serves the web process; flags and GUNICORN_CMD_ARGS overrule it."""

from __future__ import annotations

from shoplink import process_output

# Here in the first process, which forks the others.
process_output.install()
_FORMAT = process_output.log_format().title()

wsgi_app = "shoplink.wsgi"
# Threads, so that one slow answer stops none of the others. Slow requests end at the
# proxy, which passes on what is complete; see also shoplink/body_limit.py.
worker_class = "shoplink.web_worker.Worker"
workers = 2
threads = 4
graceful_timeout = 10
# A request is a page: what takes longer is a task.
timeout = 30
# The first line and the headers: no address or cookie of ours comes near these. Who
# writes longer ones by hand gets the page of shoplink/web_worker.py.
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190
# It would be opened in the home folder, which a service has not.
control_socket_disable = True
# The same lines as the rest of the product, redacted alike; see shoplink/logs.py.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"redacted": {"()": f"shoplink.logs.{_FORMAT}Formatter"}},
    "handlers": {
        "stderr": {"class": "shoplink.logs.StderrHandler", "formatter": "redacted"},
    },
    "loggers": {
        "gunicorn.error": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        # Addresses may hold authorisation codes: no access log.
        "gunicorn.access": {"handlers": [], "propagate": False},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}


def post_worker_init(worker: object) -> None:
    """Let each process show that it lives; Django is there by now."""
    from channels_amazon.worker import web_heartbeat

    web_heartbeat.start()


def worker_exit(server: object, worker: object) -> None:
    """Take the process out of the living."""
    from channels_amazon.worker import web_heartbeat

    web_heartbeat.stop()
