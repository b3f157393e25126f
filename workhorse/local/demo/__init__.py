"""The demo: real Terraform, an embedded AWS, a Jenkins, the controller, and a recorded day."""
