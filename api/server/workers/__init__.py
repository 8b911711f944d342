"""Several processes of one server: who starts them, what each one is, what they count together."""
