"""The commands of `manage.py`; management layer."""
