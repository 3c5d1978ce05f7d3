resource "aws_ecs_cluster" "this" {
  name = "${var.project}-${var.environmentSuffix}"

  setting {
    name  = "containerInsights"
    value = "enabled"
  }

  lifecycle {
    # A precondition, since a variable's validation sees no other variable before Terraform 1.9.
    precondition {
      condition     = !(local.placeholder && var.environment == "production")
      error_message = "image_strategy placeholder is not for production: choose two_phase or data_source."
    }
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]

  default_capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = 1
    weight            = 1
  }
}

module "service" {
  source   = "./modules/service"
  for_each = var.services

  name              = each.key
  environmentSuffix = var.environmentSuffix
  enabled           = var.services_enabled

  # Null until somebody knows a digest; the module refuses to start a service without an image.
  image = local.placeholder ? var.placeholder.image : try(
    "${aws_ecr_repository.this[each.key].repository_url}@${local.digests[each.key]}",
    null,
  )

  cpu            = each.value.cpu
  memory         = each.value.memory
  port           = var.service_port
  container_port = local.container_port
  health_path    = local.health_path

  environment = {
    ARTIFACTS_BUCKET   = aws_s3_bucket.artifacts.bucket
    SERVICE_NAMESPACE  = aws_service_discovery_private_dns_namespace.this.name
    TRANSACTIONS_TABLE = aws_dynamodb_table.transactions.name
  }

  cluster_arn  = aws_ecs_cluster.this.arn
  cluster_name = aws_ecs_cluster.this.name

  vpc_id             = module.network.vpc_id
  subnet_ids         = module.network.private_subnet_ids
  security_group_ids = [aws_security_group.tasks.id]

  listener_arn = aws_lb_listener.http.arn
  priority     = each.value.priority

  namespace_id   = aws_service_discovery_private_dns_namespace.this.id
  repository_arn = aws_ecr_repository.this[each.key].arn
  trust_policy   = data.aws_iam_policy_document.trust.json
  task_policy    = data.aws_iam_policy_document.task[each.key].json
}
