"""`make bundle`: everything that a site without a route out needs, in one folder."""
