"""A model as files, each in place whole or not at all."""
