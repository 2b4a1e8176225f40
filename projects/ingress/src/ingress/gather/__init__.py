"""Rows that come as pages of mappings: checked as they come, and kept on disk until the last one is there."""
