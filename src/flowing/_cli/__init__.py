"""The command line, a module a verb: parses its words, prints, gives the exit status. No rules of a run."""
