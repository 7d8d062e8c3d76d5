"""Tests of views, order_reports."""
