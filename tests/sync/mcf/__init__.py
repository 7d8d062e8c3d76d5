"""Tests of sync, mcf."""
