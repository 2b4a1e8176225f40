"""PostgreSQL: how to reach a server, what its errors mean, a server of one's own, and the platform's roles in it."""

from shared.postgres.target import PostgresTarget

__all__ = ["PostgresTarget"]
