"""Tests of services, accounts."""
