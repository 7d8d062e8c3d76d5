"""The forms: bad input becomes a clear error here."""
