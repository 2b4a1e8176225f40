"""Loads external systems into the warehouse's raw layer."""
