"""How gunicorn serves the web process; flags and GUNICORN_CMD_ARGS overrule it."""

wsgi_app = "shoplink.wsgi"
# Threads, so that one slow answer stops none of the others. Slow requests end at the
# proxy, which passes on what is complete; see also shoplink/body_limit.py.
worker_class = "gthread"
workers = 2
threads = 4
graceful_timeout = 10
# A request is a page: what takes longer is a task.
timeout = 30
# The first line and the headers: no address or cookie of ours comes near these.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
# It would be opened in the home folder, which a service has not.
control_socket_disable = True
# The same lines as the rest of the product, redacted alike; see shoplink/logs.py.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"redacted": {"()": "shoplink.logs.TextFormatter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "redacted"},
    },
    "loggers": {
        "gunicorn.error": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        # Addresses may hold authorisation codes: no access log.
        "gunicorn.access": {"handlers": [], "propagate": False},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
