"""Kept health reports and the processes they speak of; services layer."""
