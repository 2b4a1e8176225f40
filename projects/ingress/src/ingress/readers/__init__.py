"""The kinds of places that rows come from, a package each: what a source names as the reader of a resource."""
