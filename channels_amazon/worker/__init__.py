"""The worker's processes: consumer, supervisor, ticker, cluster and their guards."""
