resource "aws_lb" "this" {
  name                       = "${var.project}-${var.environmentSuffix}"
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = module.network.public_subnet_ids
  security_groups            = [aws_security_group.alb.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = false
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "No such service"
      status_code  = "404"
    }
  }

  tags = { Name = "${var.project}-http-${var.environmentSuffix}" }
}
