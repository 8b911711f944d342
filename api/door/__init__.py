"""What every request passes: middleware, authentication, rights, limits, problems."""
