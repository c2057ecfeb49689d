"""One module per agent; all that is special about it is in there."""
