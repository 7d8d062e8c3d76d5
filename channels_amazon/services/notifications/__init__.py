"""Amazon's messages: the inbox, what each is, and the quarantine; services layer."""
