"""Tests of the rules of the installation."""
