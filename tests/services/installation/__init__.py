"""Tests of the services of the installation."""
