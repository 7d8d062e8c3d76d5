"""Tests of sync, shipping."""
