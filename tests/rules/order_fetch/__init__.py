"""Tests of rules, order_fetch."""
