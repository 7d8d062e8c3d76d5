"""The zone of a page's times is its reader's, and outlives no request."""

from __future__ import annotations

import gc
from weakref import ref

import pytest
from django.test import RequestFactory

from channels_amazon.views import local_time
from tests.builders import make_member, make_store

pytestmark = pytest.mark.django_db


def test_request_is_not_kept_by_the_thread_that_answered_it() -> None:
    store = make_store(time_zone="Asia/Shanghai")
    request = RequestFactory().get("/")
    request.user = make_member(store).user
    local_time.show_for(request)
    zone = local_time.local_zone()
    assert zone is not None
    assert zone.key == "Asia/Shanghai"

    kept = ref(request)
    del request
    gc.collect()

    assert kept() is None
    assert local_time.local_zone() is None
