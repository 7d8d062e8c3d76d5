"""Tests of services, mcf."""
