"""Every change to our data: one function each, verb first, atomic; services layer."""
