"""Tests of sync, stock."""
