"""Tests of services, privacy."""
