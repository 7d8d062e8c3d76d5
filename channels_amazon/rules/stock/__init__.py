"""How much of the stock is published; rules layer."""
