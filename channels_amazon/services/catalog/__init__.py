"""The store's products and the listings at Amazon; services layer."""
