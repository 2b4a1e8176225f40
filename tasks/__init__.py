"""What the tasks of pixi.toml run and is no project's."""
