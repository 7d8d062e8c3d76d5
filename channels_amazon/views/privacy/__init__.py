"""The data protection page; views layer."""
