"""The state of the local Amazon: sellers, listings, orders, quotas, faults."""
