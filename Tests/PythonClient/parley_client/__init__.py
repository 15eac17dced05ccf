"""A client of the Parley sync protocol, written from Protocol.md alone."""
