"""The page of what the order reports proved; views layer."""
