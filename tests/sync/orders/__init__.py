"""Tests of sync, orders."""
