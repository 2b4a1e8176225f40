"""Settings and paths."""

from shared.config.settings import Settings, get_settings, read_settings

__all__ = ["Settings", "get_settings", "read_settings"]
