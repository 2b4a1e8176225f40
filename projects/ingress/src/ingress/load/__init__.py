"""Getting checked rows into raw, exactly, whatever happens on the way."""
