# What current Packer needs and Debian's 1.6.6 does not know: this file is never staged for the
# latter (see workhorse/adapters/packer_stage.py).

packer {
  required_version = ">= 1.11.0"

  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = "= 1.8.2"
    }
  }
}
