"""Pytest plugins for the platform's own tests; no code outside tests imports them."""
