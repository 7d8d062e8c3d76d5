"""Which cause explains which, and when a process counts as dead; rules layer."""
