"""Tests of sync, runtime."""
