"""Pages on which a seller is connected and looked after; views layer."""
