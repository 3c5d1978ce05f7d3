# A platform of two Fargate services behind a load balancer, as infra/ has it.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "eu-central-1"

  default_tags {
    tags = { Platform = "shop" }
  }
}

locals {
  services = {
    web = { port = 8080, cpu = 256, memory = 512 }
    api = { port = 9090, cpu = var.changed ? 1024 : 512, memory = var.changed ? 2048 : 1024 }
  }
}

resource "aws_ecs_cluster" "main" {
  name = "shop"

  setting {
    name  = "containerInsights"
    value = var.changed ? "enabled" : "disabled"
  }
}

resource "aws_ecs_cluster" "plain" {
  name = "plain"
}

resource "aws_ecr_repository" "main" {
  for_each             = local.services
  name                 = "shop/${each.key}"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = !var.changed
  }

  encryption_configuration {
    encryption_type = "KMS"
  }
}

resource "aws_ecr_repository" "plain" {
  name = "plain"
}

resource "aws_ecr_lifecycle_policy" "main" {
  for_each   = local.services
  repository = aws_ecr_repository.main[each.key].name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.changed ? 20 : 10 }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_ecr_repository_policy" "plain" {
  repository = aws_ecr_repository.plain.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = ["ecr:BatchGetImage"] }]
  })
}

resource "aws_cloudwatch_log_group" "main" {
  for_each          = local.services
  name              = "/ecs/${each.key}"
  retention_in_days = 30
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "read" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = ["arn:aws:s3:::assets/*"]

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "execution"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role" "task" {
  name_prefix          = "task-"
  description          = var.changed ? "What tasks may do" : null
  assume_role_policy   = data.aws_iam_policy_document.tasks.json
  max_session_duration = 7200
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "task" {
  name   = var.changed ? "read-assets" : "read"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_ecs_task_definition" "main" {
  for_each                 = local.services
  family                   = each.key
  cpu                      = each.value.cpu
  memory                   = each.value.memory
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  container_definitions = jsonencode([{
    name         = each.key
    image        = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/${each.key}:1"
    essential    = true
    portMappings = [{ containerPort = each.value.port, protocol = "tcp" }]
    environment  = [{ name = "PORT", value = tostring(each.value.port) }, { name = "A", value = "1" }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.main[each.key].name
        awslogs-region        = "eu-central-1"
        awslogs-stream-prefix = each.key
      }
    }
  }])

  volume {
    name = "shared"
  }
}

resource "aws_lb" "main" {
  name               = "shop"
  security_groups    = ["sg-0123456789abcdef0"]
  subnets            = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  idle_timeout       = var.changed ? 120 : 60
  load_balancer_type = "application"

  access_logs {
    bucket  = "logs"
    prefix  = "shop"
    enabled = true
  }
}

resource "aws_lb" "internal" {
  name_prefix        = "in-"
  internal           = true
  load_balancer_type = "network"

  subnet_mapping {
    subnet_id = "subnet-0123456789abcdef0"
  }
}

resource "aws_lb_target_group" "main" {
  for_each    = local.services
  name        = each.key
  port        = each.value.port
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = "vpc-0123456789abcdef0"

  health_check {
    path    = var.changed ? "/ready" : "/health"
    matcher = "200-299"
  }

  stickiness {
    type    = "lb_cookie"
    enabled = false
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_target_group" "tcp" {
  name_prefix = "tcp-"
  port        = var.changed ? 6380 : 6379
  protocol    = "TCP"
  vpc_id      = "vpc-0123456789abcdef0"
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.main.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = var.changed ? "ELBSecurityPolicy-TLS13-1-2-2021-06" : "ELBSecurityPolicy-2016-08"
  certificate_arn   = "arn:aws:acm:eu-central-1:123456789012:certificate/0f0e0d0c-0000-4000-8000-000000000000"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.main["web"].arn
  }
}

resource "aws_lb_listener_rule" "api" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 10

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.main["api"].arn
  }

  condition {
    path_pattern {
      values = ["/api/*"]
    }
  }

  condition {
    host_header {
      values = ["shop.example.com"]
    }
  }
}

resource "aws_lb_listener_rule" "fixed" {
  listener_arn = aws_lb_listener.https.arn

  action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "no"
      status_code  = "404"
    }
  }

  condition {
    http_header {
      http_header_name = "X-No"
      values           = ["1"]
    }
  }
}

resource "aws_ecs_service" "main" {
  for_each                          = local.services
  name                              = each.key
  cluster                           = aws_ecs_cluster.main.id
  task_definition                   = aws_ecs_task_definition.main[each.key].arn
  desired_count                     = var.changed ? 3 : 2
  launch_type                       = "FARGATE"
  health_check_grace_period_seconds = 60
  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"

  network_configuration {
    subnets         = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    security_groups = ["sg-0123456789abcdef0"]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.main[each.key].arn
    container_name   = each.key
    container_port   = each.value.port
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  lifecycle {
    ignore_changes = [task_definition]
  }
}

resource "aws_ecs_service" "spot" {
  name            = "spot"
  cluster         = aws_ecs_cluster.main.arn
  task_definition = aws_ecs_task_definition.main["web"].arn

  capacity_provider_strategy {
    capacity_provider = "FARGATE_SPOT"
    weight            = 1
  }

  network_configuration {
    subnets = ["subnet-0123456789abcdef0"]
  }

  service_registries {
    registry_arn = aws_service_discovery_service.main.arn
  }
}

resource "aws_service_discovery_private_dns_namespace" "main" {
  name = "shop.internal"
  vpc  = "vpc-0123456789abcdef0"
}

resource "aws_service_discovery_service" "main" {
  name = "spot"

  dns_config {
    namespace_id = aws_service_discovery_private_dns_namespace.main.id

    dns_records {
      ttl  = var.changed ? 30 : 10
      type = "A"
    }
  }
}

resource "aws_appautoscaling_target" "main" {
  for_each           = local.services
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/shop/${each.key}"
  min_capacity       = 1
  max_capacity       = var.changed ? 8 : 4
}

resource "aws_appautoscaling_policy" "main" {
  for_each           = aws_appautoscaling_target.main
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = each.value.service_namespace
  scalable_dimension = each.value.scalable_dimension
  resource_id        = each.value.resource_id

  target_tracking_scaling_policy_configuration {
    target_value = var.changed ? 60 : 75

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}
