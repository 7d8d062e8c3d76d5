"""Tests of rules, orders."""
