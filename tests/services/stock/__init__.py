"""Tests of services, stock."""
