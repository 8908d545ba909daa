"""CPU time of a login-and-launch: our tool with its database beside PyLTI1p3's own Flask adapter."""
