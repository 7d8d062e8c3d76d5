"""Tests of services, order_reports."""
