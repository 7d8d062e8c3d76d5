"""Tests of sync, order_reports."""
