# The same 55 resources as the Fargate example of a public module, without its modules. What a
# value comes from is as there; what the module leaves out is left out here.

provider "aws" {
  region = "eu-west-1"
}

locals {
  name    = "ex-fargate"
  account = "123456789012"
  tags = {
    Name       = local.name
    Example    = local.name
    Repository = "https://github.com/terraform-aws-modules/terraform-aws-ecs"
  }
  zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
  tasks = { service = local.name, standalone = "${local.name}-standalone" }
}

resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = local.tags
}

resource "aws_subnet" "private" {
  count             = 3
  vpc_id            = aws_vpc.main.id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet("10.0.0.0/16", 4, count.index)
  tags              = local.tags
}

resource "aws_subnet" "public" {
  count             = 3
  vpc_id            = aws_vpc.main.id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, count.index + 48)
  tags              = local.tags
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
  tags   = local.tags
}

resource "aws_eip" "nat" {
  domain = "vpc"
  tags   = local.tags
}

resource "aws_nat_gateway" "main" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public[0].id
  tags          = local.tags
}

resource "aws_route_table" "main" {
  for_each = toset(["private", "public"])
  vpc_id   = aws_vpc.main.id
  tags     = local.tags
}

resource "aws_route" "nat" {
  route_table_id         = aws_route_table.main["private"].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main.id

  timeouts {
    create = "5m"
  }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.main["public"].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id

  timeouts {
    create = "5m"
  }
}

resource "aws_route_table_association" "private" {
  count          = 3
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.main["private"].id
}

resource "aws_route_table_association" "public" {
  count          = 3
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.main["public"].id
}

resource "aws_default_network_acl" "main" {
  default_network_acl_id = aws_vpc.main.default_network_acl_id
  tags                   = local.tags

  dynamic "ingress" {
    for_each = { 100 = ["0.0.0.0/0", null], 101 = [null, "::/0"] }

    content {
      action          = "allow"
      rule_no         = ingress.key
      from_port       = 0
      to_port         = 0
      protocol        = "-1"
      cidr_block      = ingress.value[0]
      ipv6_cidr_block = ingress.value[1]
    }
  }

  dynamic "egress" {
    for_each = { 100 = ["0.0.0.0/0", null], 101 = [null, "::/0"] }

    content {
      action          = "allow"
      rule_no         = egress.key
      from_port       = 0
      to_port         = 0
      protocol        = "-1"
      cidr_block      = egress.value[0]
      ipv6_cidr_block = egress.value[1]
    }
  }
}

resource "aws_default_route_table" "main" {
  default_route_table_id = aws_vpc.main.default_route_table_id
  tags                   = local.tags

  timeouts {
    create = "5m"
    update = "5m"
  }
}

resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id
  tags   = local.tags
}

resource "aws_service_discovery_http_namespace" "main" {
  name        = local.name
  description = "CloudMap namespace for ${local.name}"
  tags        = local.tags
}

resource "aws_security_group" "balancer" {
  name_prefix = "${local.name}-"
  description = "Security group for ${local.name} application load balancer"
  vpc_id      = aws_vpc.main.id
  tags        = merge(local.tags, { terraform-aws-modules = "alb" })
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  security_group_id = aws_security_group.balancer.id
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 80
  to_port           = 80
  ip_protocol       = "tcp"
  tags              = merge(local.tags, { terraform-aws-modules = "alb" })
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  security_group_id = aws_security_group.balancer.id
  cidr_ipv4         = "10.0.0.0/16"
  ip_protocol       = "-1"
  tags              = merge(local.tags, { terraform-aws-modules = "alb" })
}

resource "aws_lb" "main" {
  name                       = local.name
  security_groups            = [aws_security_group.balancer.id]
  subnets                    = aws_subnet.public[*].id
  drop_invalid_header_fields = true
  enable_deletion_protection = false
  load_balancer_type         = "application"
  tags                       = merge(local.tags, { terraform-aws-modules = "alb" })

  timeouts {}
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80
  protocol          = "HTTP"
  tags              = merge(local.tags, { terraform-aws-modules = "alb" })

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.main.arn
  }
}

resource "aws_lb_target_group" "main" {
  port                              = 80
  protocol                          = "HTTP"
  target_type                       = "ip"
  deregistration_delay              = 5
  load_balancing_cross_zone_enabled = true
  vpc_id                            = aws_vpc.main.id
  tags                              = merge(local.tags, { terraform-aws-modules = "alb" })

  health_check {
    enabled             = true
    healthy_threshold   = 5
    interval            = 30
    matcher             = "200"
    path                = "/"
    port                = "traffic-port"
    protocol            = "HTTP"
    timeout             = 5
    unhealthy_threshold = 2
  }
}

resource "aws_cloudwatch_log_group" "cluster" {
  name              = "/aws/ecs/${local.name}"
  retention_in_days = 90
  tags              = local.tags
}

resource "aws_ecs_cluster" "main" {
  name = local.name
  tags = local.tags

  configuration {
    execute_command_configuration {
      logging = "DEFAULT"
    }
  }

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "main" {
  cluster_name       = aws_ecs_cluster.main.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]

  default_capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = 20
    weight            = 50
  }

  default_capacity_provider_strategy {
    capacity_provider = "FARGATE_SPOT"
    weight            = 50
  }
}

resource "aws_cloudwatch_log_group" "container" {
  for_each          = { service = "fluent-bit", standalone = "al2023" }
  name              = "/aws/ecs/${local.tasks[each.key]}/${each.value}"
  retention_in_days = 14
  tags              = local.tags
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["*"]
  }

  statement {
    sid       = "ECR"
    resources = ["*"]
    actions = [
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken",
      "ecr:GetDownloadUrlForLayer",
    ]
  }

  statement {
    sid       = "GetSSMParams"
    actions   = ["ssm:GetParameters"]
    resources = ["arn:aws:ssm:*:*:parameter/*"]
  }

  statement {
    sid       = "GetSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:aws:secretsmanager:*:*:secret:*"]
  }
}

data "aws_iam_policy_document" "executed" {
  statement {
    sid     = "ECSTaskExecutionAssumeRole"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "tasks" {
  statement {
    sid     = "ECSTasksAssumeRole"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:ecs:eu-west-1:${local.account}:*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "exec" {
  statement {
    sid       = "ECSExec"
    resources = ["*"]
    actions = [
      "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
    ]
  }
}

resource "aws_iam_policy" "execution" {
  for_each    = local.tasks
  name_prefix = "${each.value}-"
  description = "Task execution role IAM policy"
  policy      = data.aws_iam_policy_document.execution.json
  tags        = local.tags
}

resource "aws_iam_role" "execution" {
  for_each              = local.tasks
  name_prefix           = "${each.value}-"
  description           = "Task execution role for ${each.value}"
  assume_role_policy    = data.aws_iam_policy_document.executed.json
  force_detach_policies = true
  tags                  = local.tags
}

resource "aws_iam_role_policy_attachment" "execution" {
  for_each   = local.tasks
  role       = aws_iam_role.execution[each.key].name
  policy_arn = aws_iam_policy.execution[each.key].arn
}

resource "aws_iam_role" "tasks" {
  for_each              = local.tasks
  name_prefix           = "${each.value}-"
  assume_role_policy    = data.aws_iam_policy_document.tasks.json
  force_detach_policies = true
  tags                  = local.tags
}

resource "aws_iam_role_policy" "tasks" {
  name_prefix = "${local.name}-"
  role        = aws_iam_role.tasks["service"].id
  policy      = data.aws_iam_policy_document.exec.json
}

resource "aws_security_group" "tasks" {
  for_each    = local.tasks
  name_prefix = "${each.value}-"
  vpc_id      = aws_vpc.main.id
  tags        = merge(local.tags, { Name = each.value })
}

resource "aws_security_group_rule" "egress" {
  for_each          = local.tasks
  security_group_id = aws_security_group.tasks[each.key].id
  type              = "egress"
  protocol          = "-1"
  from_port         = 0
  to_port           = 0
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_security_group_rule" "balancer" {
  security_group_id        = aws_security_group.tasks["service"].id
  source_security_group_id = aws_security_group.balancer.id
  description              = "Service port"
  type                     = "ingress"
  protocol                 = "tcp"
  from_port                = 3000
  to_port                  = 3000
}

resource "aws_ecs_task_definition" "service" {
  family                   = local.name
  cpu                      = 1024
  memory                   = 4096
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution["service"].arn
  task_role_arn            = aws_iam_role.tasks["service"].arn
  track_latest             = false
  tags                     = local.tags

  container_definitions = jsonencode([
    {
      cpu             = 512
      dependsOn       = [{ condition = "START", containerName = "fluent-bit" }]
      environment     = []
      essential       = true
      image           = "public.ecr.aws/aws-containers/ecsdemo-frontend:776fd50"
      interactive     = false
      linuxParameters = { capabilities = { add = [], drop = ["NET_RAW"] }, initProcessEnabled = true }
      logConfiguration = {
        logDriver = "awsfirelens"
        options = {
          Name = "firehose", delivery_stream = "my-stream", log-driver-buffer-limit = "2097152", region = "eu-west-1"
        }
      }
      memory                 = 1024
      memoryReservation      = 100
      mountPoints            = []
      name                   = "ecsdemo-frontend"
      portMappings           = [{ containerPort = 3000, hostPort = 3000, name = "ecsdemo-frontend", protocol = "tcp" }]
      privileged             = false
      pseudoTerminal         = false
      readonlyRootFilesystem = false
      startTimeout           = 30
      stopTimeout            = 120
      systemControls         = []
      user                   = "0"
      volumesFrom            = [{ readOnly = false, sourceContainer = "fluent-bit" }]
      repositoryCredentials  = null
    },
    {
      cpu                   = 512
      environment           = []
      essential             = true
      firelensConfiguration = { type = "fluentbit" }
      image                 = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/aws-for-fluent-bit:2.32.5.20250422"
      interactive           = false
      linuxParameters       = { initProcessEnabled = true }
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group = aws_cloudwatch_log_group.container["service"].name, awslogs-region = "eu-west-1", awslogs-stream-prefix = "ecs"
        }
      }
      memory                 = 1024
      memoryReservation      = 50
      mountPoints            = []
      name                   = "fluent-bit"
      portMappings           = []
      privileged             = false
      pseudoTerminal         = false
      readonlyRootFilesystem = true
      startTimeout           = 30
      stopTimeout            = 120
      systemControls         = []
      user                   = "0"
      volumesFrom            = []
    },
  ])

  runtime_platform {
    cpu_architecture        = "X86_64"
    operating_system_family = "LINUX"
  }
}

resource "aws_ecs_task_definition" "standalone" {
  family                   = local.tasks.standalone
  cpu                      = 1024
  memory                   = 2048
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution["standalone"].arn
  task_role_arn            = aws_iam_role.tasks["standalone"].arn
  track_latest             = false
  tags                     = local.tags

  container_definitions = jsonencode([{
    command         = ["echo hello world"]
    entryPoint      = ["/usr/bin/sh", "-c"]
    environment     = []
    image           = "public.ecr.aws/amazonlinux/amazonlinux:2023-minimal"
    interactive     = false
    linuxParameters = { initProcessEnabled = false }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group = aws_cloudwatch_log_group.container["standalone"].name, awslogs-region = "eu-west-1", awslogs-stream-prefix = "ecs"
      }
    }
    mountPoints            = [{ containerPath = "/var/www/ex-vol", sourceVolume = "ex-vol" }]
    name                   = "al2023"
    portMappings           = []
    privileged             = false
    pseudoTerminal         = false
    readonlyRootFilesystem = true
    startTimeout           = 30
    stopTimeout            = 120
    systemControls         = []
    user                   = "0"
    volumesFrom            = []
  }])

  runtime_platform {
    cpu_architecture        = "ARM64"
    operating_system_family = "LINUX"
  }

  volume {
    name = "ex-vol"
  }
}

resource "aws_ecs_service" "main" {
  name                               = local.name
  cluster                            = aws_ecs_cluster.main.arn
  task_definition                    = aws_ecs_task_definition.service.arn
  desired_count                      = 1
  deployment_maximum_percent         = 200
  deployment_minimum_healthy_percent = 66
  enable_ecs_managed_tags            = true
  enable_execute_command             = true
  force_new_deployment               = true
  launch_type                        = "FARGATE"
  tags                               = merge(local.tags, { ServiceTag = "Tag on service level" })

  load_balancer {
    container_name   = "ecsdemo-frontend"
    container_port   = 3000
    target_group_arn = aws_lb_target_group.main.arn
  }

  network_configuration {
    assign_public_ip = false
    security_groups  = [aws_security_group.tasks["service"].id]
    subnets          = aws_subnet.private[*].id
  }

  service_connect_configuration {
    enabled   = true
    namespace = aws_service_discovery_http_namespace.main.arn

    service {
      discovery_name = "ecsdemo-frontend"
      port_name      = "ecsdemo-frontend"

      client_alias {
        dns_name = "ecsdemo-frontend"
        port     = 3000
      }

      timeout {
        idle_timeout_seconds        = 300
        per_request_timeout_seconds = 300
      }
    }
  }

  timeouts {}

  lifecycle {
    ignore_changes = [desired_count]
  }
}

resource "aws_appautoscaling_target" "main" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.main.id}/${aws_ecs_service.main.name}"
  min_capacity       = 1
  max_capacity       = 10
  tags               = local.tags
}

resource "aws_appautoscaling_policy" "main" {
  for_each           = { cpu = "CPU", memory = "Memory" }
  name               = each.key
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.main.service_namespace
  scalable_dimension = aws_appautoscaling_target.main.scalable_dimension
  resource_id        = aws_appautoscaling_target.main.resource_id

  target_tracking_scaling_policy_configuration {
    scale_in_cooldown  = 300
    scale_out_cooldown = 60
    target_value       = 75

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverage${each.value}Utilization"
    }
  }
}
