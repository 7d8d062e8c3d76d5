"""Tests of services, notifications."""
