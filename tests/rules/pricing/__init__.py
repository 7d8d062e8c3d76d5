"""Tests of rules, stock."""
