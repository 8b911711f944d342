"""Archive a month, hold files to their manifests, bring rolls back to be read."""
