"""Personal data and logs: stored, found, deleted in time, their keys rotated."""
