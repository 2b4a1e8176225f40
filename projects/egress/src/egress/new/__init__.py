"""A first declaration of a target, from a look at the model that it gets."""
