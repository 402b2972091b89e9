"""One turn, from the bytes of a request to the events of its answer. No HTTP, no sockets."""
