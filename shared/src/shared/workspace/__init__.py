"""The workspace that pixi.toml describes: its environments and tasks, what is installed, how a command gets there.

Needs the standard library alone (and `tomli` on Python 3.10), as activation and pixiw begin with nothing installed.
"""
