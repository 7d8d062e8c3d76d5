"""Tests of services, catalog."""
