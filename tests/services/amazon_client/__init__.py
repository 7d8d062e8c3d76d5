"""Tests of services, amazon_client."""
