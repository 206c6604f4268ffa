"""The HTTP service: the try-it page, the record over HTTP, and the health check."""
