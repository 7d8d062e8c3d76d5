"""Tests of services, health."""
