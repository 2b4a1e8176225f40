"""A table of any database that SQLAlchemy has a driver for, written to by statements that all of them know."""
