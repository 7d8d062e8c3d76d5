"""Sync rules as they are stored, changed, shown before they are saved, undone."""
