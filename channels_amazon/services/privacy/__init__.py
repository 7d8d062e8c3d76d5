"""Personal data: stored, found, purged, its keys rotated; services layer."""
