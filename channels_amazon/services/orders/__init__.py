"""Amazon's orders: every way into the order tables, and what follows."""
