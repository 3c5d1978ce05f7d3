resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = "${var.project}-${var.environmentSuffix}.internal"
  description = "Where the services of ${var.project} find each other"
  vpc         = module.network.vpc_id
}
