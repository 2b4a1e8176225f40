"""New models: relations that are there are looked at, and a model of theirs is written, built and tested."""
