"""One module per kind of record: how each system spells it, which fields are kept in step, what it posts."""
