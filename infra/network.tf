data "aws_availability_zones" "available" {
  state = "available"

  # Local Zones have no NAT gateways of their own and cannot hold the platform.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

module "network" {
  source = "./modules/network"

  project            = var.project
  environmentSuffix  = var.environmentSuffix
  cidr_block         = var.vpc_cidr
  availability_zones = slice(data.aws_availability_zones.available.names, 0, 2)
}
