"""What there is to be made: the projects' lists, keys and metadata of their tables, and what of them is new or old."""
