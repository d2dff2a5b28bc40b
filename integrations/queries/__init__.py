"""Read models: what the screens show, as a few queries over the journal and the mirror. Nothing here writes."""
