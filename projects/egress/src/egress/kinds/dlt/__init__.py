"""The kind `dlt`: a model as a bulk copy at any destination of dlt's."""
