"""Guards web applications on this machine, by Host, Origin and token; only where there is Starlette."""
