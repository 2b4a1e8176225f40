"""Other people's databases, by SQLAlchemy: where they are, in what bounds they are read, what their errors mean."""
