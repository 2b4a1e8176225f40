"""A first declaration of an entity, from a look at the table that its records are in."""
