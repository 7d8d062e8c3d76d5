"""Order transitions, what is missing, and latency; rules layer."""
