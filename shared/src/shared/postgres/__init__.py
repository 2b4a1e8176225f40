"""PostgreSQL: how to reach a server, what its errors mean, and a server of one's own.

Nothing is imported here, so that what is known of PostgreSQL without its driver can be had without it.
"""
