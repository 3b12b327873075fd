"""What the cases are made of: servers, mounts, other clients, data, measurements and their table."""
