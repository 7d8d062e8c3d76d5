"""Order transitions and latency; rules layer."""
