"""What keys, objects, names, moments and retention of a store are: no SQL, no file, no clock."""
