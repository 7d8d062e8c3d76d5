"""Tests of services, diagnostics."""
