"""Tests of views, webhooks."""
