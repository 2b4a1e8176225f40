"""New sources: what is there is looked at, and written down as a source module, staging models and expectations."""
