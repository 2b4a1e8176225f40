"""Web server, daemon and code server, kept going and ended; runs whose process is gone. Knows no assets."""
