"""Pages of the quarantine; views layer."""
