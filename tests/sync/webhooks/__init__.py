"""Tests of sync, webhooks."""
