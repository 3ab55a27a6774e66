"""The program: everything that knows it runs, from the command line to the outside systems' adapters."""
