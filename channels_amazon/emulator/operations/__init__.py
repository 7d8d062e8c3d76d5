"""The SP-API operations the emulator serves, one file an API; emulator."""
