"""The kinds of places that rows come from, one module each: what a source names as the reader of a resource."""
