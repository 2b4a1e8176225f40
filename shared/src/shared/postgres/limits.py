"""What PostgreSQL holds at most."""

# Of a name, which it cuts off there without an error.
NAME_BYTES = 63
