"""The health check: what can be wrong between a store and Amazon; health layer."""
