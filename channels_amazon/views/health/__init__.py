"""Pages of the health check; views layer."""
