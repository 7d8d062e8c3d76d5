"""Tests of views, mcf."""
