locals {
  name = "${var.name}-${var.environmentSuffix}"
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/ecs/${local.name}"
  retention_in_days = 7
}

resource "aws_ecs_task_definition" "this" {
  count = var.enabled ? 1 : 0

  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  container_definitions = jsonencode([{
    name        = local.name
    image       = var.image
    essential   = true
    environment = [for name, value in var.environment : { name = name, value = value }]
    portMappings = [{
      containerPort = var.container_port
      hostPort      = var.container_port
      protocol      = "tcp"
    }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = aws_cloudwatch_log_group.this.region
        awslogs-stream-prefix = var.name
      }
    }
  }])

  lifecycle {
    precondition {
      condition     = var.image != null
      error_message = "${var.name} is enabled without an image: push one first, then give its digest in image_digests."
    }
  }
}

resource "aws_ecs_service" "this" {
  count = var.enabled ? 1 : 0

  name                    = local.name
  cluster                 = var.cluster_arn
  task_definition         = aws_ecs_task_definition.this[0].arn
  launch_type             = "FARGATE"
  desired_count           = local.min_capacity
  enable_ecs_managed_tags = true
  propagate_tags          = "SERVICE"
  force_delete            = true

  # Three failed checks at 30 seconds count as unhealthy; a starting task is spared that long.
  health_check_grace_period_seconds = 90

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  availability_zone_rebalancing      = "ENABLED"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = var.security_group_ids
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = local.name
    container_port   = var.container_port
  }

  service_registries {
    registry_arn = aws_service_discovery_service.this.arn
  }

  lifecycle {
    # Application Auto Scaling owns the count after the first deployment.
    ignore_changes = [desired_count]
  }

  # ECS refuses a target group no listener knows, and a task without its permissions
  # neither starts nor, on destroy, drains.
  depends_on = [
    aws_iam_role_policy.execution,
    aws_iam_role_policy.task,
    aws_lb_listener_rule.this,
  ]
}
