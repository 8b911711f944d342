"""Closes (月结): a month's usage is closed, then its books; what is open is listed and carried."""
