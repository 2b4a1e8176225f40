"""How a step is run: a project's command in its own environment, several at once in threads."""
