# The parts of the backend that differ between installations: `delivery.backend_file` names a copy.
# The bucket is to be versioned and encrypted with a key of yours: a state holds secrets.
bucket     = "example-terraform-state"
key        = "workhorse/pools.tfstate"
region     = "eu-west-1"
encrypt    = true
kms_key_id = "alias/terraform-state"

# The lock is a file beside the state, since Terraform 1.10; with 1.9 name a dynamodb_table instead.
use_lockfile = true
