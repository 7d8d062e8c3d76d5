"""Whether a process works for the installation, and how far that is behind."""
