"""Tests of services, pricing."""
