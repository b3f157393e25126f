"""The embedded cloud: AWS and a Jenkins stand-in on loopback, on one virtual clock."""
