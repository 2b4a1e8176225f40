"""The demo: real data that is fetched, never committed, and the two outside systems that the demo plays."""
