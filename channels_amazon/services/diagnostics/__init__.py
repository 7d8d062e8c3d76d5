"""What people read of what happened: entries, their export and how long they stay."""
