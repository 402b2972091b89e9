"""What answers a prompt: engines over HTTP, a llama.cpp of our own, a hosted Claude, recordings, the simulator."""
