"""Tests of rules, order reports."""
