"""The pages: read rows, call services, enqueue tasks."""
