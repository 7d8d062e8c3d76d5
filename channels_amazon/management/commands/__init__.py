"""One file a command; management layer."""
