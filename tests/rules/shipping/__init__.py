"""Tests of rules, shipping."""
