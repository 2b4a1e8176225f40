"""What the commands `new-…` share: names that a module can have, and the Python that they write."""
