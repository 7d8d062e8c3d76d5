"""Tests of the health check: each fault is made real, the leading code asserted."""
