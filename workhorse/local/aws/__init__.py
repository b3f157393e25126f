"""AWS on loopback: moto's server, and what EC2 Auto Scaling, EC2 and CloudWatch do beside it."""
