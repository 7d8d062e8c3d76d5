"""What Amazon's notifications say, read into plain values; rules layer."""
