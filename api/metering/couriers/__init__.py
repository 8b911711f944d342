"""What couriers bring: the command, the routes and the page, and what came of it."""
