"""Tools that run here, inside the request. Each file implements `engine.servertool`; none knows the others."""
