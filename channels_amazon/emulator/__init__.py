"""A local Amazon with state: SP-API, LWA, consent pages and notifications; emulator."""
