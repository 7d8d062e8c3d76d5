"""The European Central Bank's daily file of exchange rates, which is no Amazon's."""
