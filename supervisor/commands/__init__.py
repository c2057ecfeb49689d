"""The ``wakeline`` command line: a client of the supervisor like any other screen."""
