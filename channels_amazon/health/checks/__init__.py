"""One small file a check; none knows another; health layer."""
