"""Talking to outside systems over HTTP: bounded, and without showing what is secret or foreign."""
