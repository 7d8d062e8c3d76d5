"""Tests of rules, mcf."""
