"""Studies of what the warehouse holds."""
