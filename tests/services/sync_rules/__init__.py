"""Tests of services, sync_rules."""
