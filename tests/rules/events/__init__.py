"""Tests of rules, events."""
