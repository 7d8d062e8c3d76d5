"""Fetches changed orders, and sweeps for those that came without an event."""
