"""Words of names and how long personal data may stay; rules layer."""
