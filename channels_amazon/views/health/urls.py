"""Addresses of the pages of the health check, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.health import reports

urlpatterns = [
    path(
        "accounts/<int:account_id>/health/",
        reports.health_run,
        name="amazon-health-run",
    ),
    path("health/", reports.health_index, name="amazon-health-index"),
    path("health/<int:report_id>/", reports.health_report, name="amazon-health-report"),
    path(
        "health/<int:report_id>/<slug:form>/",
        reports.health_download,
        name="amazon-health-download",
    ),
]
