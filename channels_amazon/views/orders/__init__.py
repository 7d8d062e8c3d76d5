"""Pages of Amazon's orders; views layer."""
