"""Whether, from where and how Amazon ships an order of the store; rules layer."""
