"""What people read of what happened: entries and their export."""
