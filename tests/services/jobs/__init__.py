"""Tests of services, jobs."""
