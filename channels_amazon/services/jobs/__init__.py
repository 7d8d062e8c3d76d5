"""Sync jobs, the queue that runs them and the signs of life of its processes."""
