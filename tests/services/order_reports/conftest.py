"""What the tests of the reports' orders share."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels_amazon.models import AmazonAccount
from tests.builders import make_account
from tests.messages import START
from tests.services.order_reports.scene import make_stock


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account connected before START, with stock of SKU-1 and SKU-2."""
    account = make_account(created_at=START - timedelta(days=9))
    make_stock(account, "SKU-1", "SKU-2")
    return account
