"""Pages of the store's own orders and the MCF rules; views layer."""
