"""Overview, connection status and logs; views layer."""
