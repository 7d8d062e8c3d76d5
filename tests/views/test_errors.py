"""The pages for what went wrong."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client, RequestFactory
from django.utils import translation

from channels_amazon.views import errors


@pytest.mark.django_db
def test_missing_page_is_plain_and_runs_no_script(client: Client) -> None:
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert "script-src 'none'" in response["Content-Security-Policy"]
    assert "unsafe-eval" not in response["Content-Security-Policy"]


def test_each_error_has_its_page(rf: RequestFactory) -> None:
    request = rf.get("/")

    assert errors.bad_request(request, SuspiciousOperation()).status_code == 400
    assert errors.forbidden(request, PermissionDenied("Why.")).status_code == 403
    assert errors.csrf_failure(request).status_code == 403
    assert errors.server_error(request).status_code == 500


def test_forbidden_says_why(rf: RequestFactory) -> None:
    page = errors.forbidden(rf.get("/"), PermissionDenied("Owners only."))

    assert "Owners only." in page.content.decode()


def test_error_page_speaks_chinese(rf: RequestFactory) -> None:
    with translation.override("zh-hans"):
        page = errors.server_error(rf.get("/"))

    assert "概览" in page.content.decode()
