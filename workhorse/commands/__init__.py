"""The command line beyond the loops: each module here is one subject, and names its commands."""
