"""The uv route of `pixiw`: runs the environments and tasks of pixi.toml where pixi can't."""
