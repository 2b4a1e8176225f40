"""Delivers the warehouse's egress layer to files and external systems, and remembers what was delivered."""
