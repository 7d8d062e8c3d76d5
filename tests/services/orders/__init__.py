"""Tests of services, orders."""
