"""Pages of stock levels and published quantities; views layer."""
