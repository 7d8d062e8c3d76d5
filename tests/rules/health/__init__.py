"""Tests of rules, health."""
