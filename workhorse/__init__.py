"""workhorse: an autoscaled pool of Jenkins agents on EC2 that never kills a build."""
