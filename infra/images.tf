# Where the images come from. An image is always repository@digest; the strategies differ in
# who tells the digest. Only placeholder runs something else.

locals {
  placeholder    = var.image_strategy == "placeholder"
  container_port = local.placeholder ? var.placeholder.port : var.service_port
  health_path    = local.placeholder ? var.placeholder.health_path : var.health_path

  pushed_digests = { for name, image in data.aws_ecr_image.pushed : name => image.image_digest }
  digests        = var.image_strategy == "data_source" ? local.pushed_digests : var.image_digests
}

data "aws_ecr_image" "pushed" {
  for_each = var.image_strategy == "data_source" && var.services_enabled ? var.services : {}

  # Unknown while the repository is still to be created, so Terraform defers the lookup then
  # instead of failing the plan. The name alone is known too early to do that.
  registry_id     = aws_ecr_repository.this[each.key].registry_id
  repository_name = aws_ecr_repository.this[each.key].name

  image_tag   = var.image_tag
  most_recent = var.image_tag == null ? true : null
}
