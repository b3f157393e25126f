"""What workhorse promises of its speed, measured; run by `./inv bench [NAME] [--json]`."""
