"""The local PostgreSQL server: start, stop, databases, the demo's ERP, a shell, and the demo on it."""
