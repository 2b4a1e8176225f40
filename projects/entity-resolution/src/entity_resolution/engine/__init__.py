"""What resolves any entity: it knows none by name."""
