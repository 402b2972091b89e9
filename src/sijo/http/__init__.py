"""The API's routes, and the only place where events become bytes."""
