"""Delivers webhooks to the store; sync layer."""
