"""The kinds of targets. One knows how to send, and no target that is made of it."""
