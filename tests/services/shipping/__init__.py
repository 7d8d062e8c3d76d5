"""Tests of services, shipping."""
