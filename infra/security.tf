resource "aws_security_group" "alb" {
  name                   = "${var.project}-alb-${var.environmentSuffix}"
  description            = "Load balancer: open to clients, talks to tasks"
  vpc_id                 = module.network.vpc_id
  revoke_rules_on_delete = true
}

resource "aws_vpc_security_group_ingress_rule" "alb_from_clients" {
  security_group_id = aws_security_group.alb.id
  description       = "Clients on the internet"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80

  tags = { Name = "${var.project}-alb-from-clients-${var.environmentSuffix}" }
}

resource "aws_vpc_security_group_egress_rule" "alb_to_tasks" {
  security_group_id            = aws_security_group.alb.id
  description                  = "Requests and health checks"
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = local.container_port
  to_port                      = local.container_port

  tags = { Name = "${var.project}-alb-to-tasks-${var.environmentSuffix}" }
}

resource "aws_security_group" "tasks" {
  name                   = "${var.project}-tasks-${var.environmentSuffix}"
  description            = "Tasks: reached by the load balancer and each other"
  vpc_id                 = module.network.vpc_id
  revoke_rules_on_delete = true
}

resource "aws_vpc_security_group_ingress_rule" "tasks_from_alb" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "Requests and health checks"
  referenced_security_group_id = aws_security_group.alb.id
  ip_protocol                  = "tcp"
  from_port                    = local.container_port
  to_port                      = local.container_port

  tags = { Name = "${var.project}-tasks-from-alb-${var.environmentSuffix}" }
}

resource "aws_vpc_security_group_ingress_rule" "tasks_from_tasks" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "Services calling each other"
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = local.container_port
  to_port                      = local.container_port

  tags = { Name = "${var.project}-tasks-from-tasks-${var.environmentSuffix}" }
}

resource "aws_vpc_security_group_egress_rule" "tasks_to_tasks" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "Services calling each other"
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = local.container_port
  to_port                      = local.container_port

  tags = { Name = "${var.project}-tasks-to-tasks-${var.environmentSuffix}" }
}

resource "aws_vpc_security_group_egress_rule" "tasks_to_aws" {
  security_group_id = aws_security_group.tasks.id
  description       = "ECR, CloudWatch Logs, S3 and DynamoDB through the NAT gateways"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = { Name = "${var.project}-tasks-to-aws-${var.environmentSuffix}" }
}
