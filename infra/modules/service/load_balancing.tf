resource "aws_lb_target_group" "this" {
  name        = local.name
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"

  # Only a default, because ECS registers a task with its container's own port. It is the same
  # whatever image runs: another port would replace a target group that its rule still uses.
  port = var.port

  deregistration_delay = 30

  health_check {
    protocol            = "HTTP"
    path                = var.health_path
    matcher             = "200"
    interval            = 30
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener_rule" "this" {
  listener_arn = var.listener_arn
  priority     = var.priority

  condition {
    path_pattern {
      values = ["/${var.name}", "/${var.name}/*"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }

  tags = { Name = local.name }
}
