"""Orders of the store that Amazon ships from FBA stock (MCF); services layer."""
