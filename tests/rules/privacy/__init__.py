"""Tests of rules, privacy."""
