"""The planners that come with workhorse; others are found by entry point."""
