"""How orders come, change and age; emulator."""
