"""The command line, thin: read arguments, call the library, print."""
