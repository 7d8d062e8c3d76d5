"""Tests of sync, accounts."""
