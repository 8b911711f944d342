"""What all commands share: the way to the server, arguments, output."""
