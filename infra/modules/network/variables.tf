variable "project" {
  description = "Start of every name."
  type        = string
}

variable "environmentSuffix" {
  description = "End of every name."
  type        = string
}

variable "cidr_block" {
  description = "IPv4 block of the VPC, cut into sixteen subnets: public ones from the first on, private ones from the ninth."
  type        = string

  validation {
    condition     = can(cidrsubnet(var.cidr_block, 4, 15))
    error_message = "cidr_block must be an IPv4 block that can be cut into sixteen."
  }
}

variable "availability_zones" {
  description = "Zones that get a public subnet, a private subnet and a NAT gateway each."
  type        = list(string)

  validation {
    condition     = length(distinct(var.availability_zones)) == length(var.availability_zones) && length(var.availability_zones) >= 2 && length(var.availability_zones) <= 8
    error_message = "availability_zones must be two to eight different zones."
  }
}
