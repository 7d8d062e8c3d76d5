"""The page of the store's webhook endpoint; views layer."""
