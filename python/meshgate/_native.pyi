"""What the compiled module offers. Only `engine` and `policy` import it."""
