"""What witnesses say of usage: the command, the routes and the pages."""
