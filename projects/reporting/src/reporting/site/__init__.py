"""The static site: the dashboards as one page that opens from disk, with its data, without a network or a server."""
