"""Guards web applications on this machine: by Host, Origin and token. Needs Starlette, which not every environment has."""
