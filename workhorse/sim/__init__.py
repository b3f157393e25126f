"""The simulated world: Jenkins, Auto Scaling, EC2 and SQS as plain objects on simulated time.

The very loops that run in production run against it, through the same ports.
"""
