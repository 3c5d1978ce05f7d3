# Zones, records, certificates and health checks.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "us-east-1"
}

resource "aws_route53_zone" "public" {
  name    = "example.com"
  comment = var.changed ? "the public zone" : "public"
}

resource "aws_route53_zone" "private" {
  name          = "internal.example.com"
  force_destroy = true

  vpc {
    vpc_id = "vpc-0123456789abcdef0"
  }
}

resource "aws_route53_zone_association" "second" {
  zone_id = aws_route53_zone.private.zone_id
  vpc_id  = "vpc-0123456789abcdef1"
}

resource "aws_route53_record" "www" {
  zone_id = aws_route53_zone.public.zone_id
  name    = var.changed ? "web" : "www"
  type    = "A"
  ttl     = 300
  records = ["192.0.2.10", "192.0.2.11"]
}

resource "aws_route53_record" "alias" {
  zone_id = aws_route53_zone.public.zone_id
  name    = "app.example.com"
  type    = "A"

  alias {
    name                   = "lb.example.com"
    zone_id                = "Z35SXDOTRQ7X7K"
    evaluate_target_health = var.changed
  }
}

resource "aws_route53_record" "weighted" {
  for_each       = { blue = var.changed ? 10 : 90, green = var.changed ? 90 : 10 }
  zone_id        = aws_route53_zone.public.zone_id
  name           = "weighted"
  type           = "CNAME"
  ttl            = 60
  records        = ["${each.key}.example.com"]
  set_identifier = each.key

  weighted_routing_policy {
    weight = each.value
  }
}

resource "aws_route53_record" "failover" {
  zone_id         = aws_route53_zone.private.zone_id
  name            = "db"
  type            = "A"
  ttl             = 30
  records         = ["10.0.0.5"]
  set_identifier  = "first"
  health_check_id = aws_route53_health_check.main.id

  failover_routing_policy {
    type = "PRIMARY"
  }
}

resource "aws_route53_health_check" "main" {
  fqdn              = "app.example.com"
  port              = 443
  type              = "HTTPS"
  resource_path     = var.changed ? "/ready" : "/health"
  failure_threshold = 3
  request_interval  = 30
}

resource "aws_route53_delegation_set" "main" {
  reference_name = "main"
}

resource "aws_route53_resolver_endpoint" "out" {
  name               = "out"
  direction          = "OUTBOUND"
  security_group_ids = ["sg-0123456789abcdef0"]

  ip_address {
    subnet_id = "subnet-0123456789abcdef0"
  }

  ip_address {
    subnet_id = "subnet-0123456789abcdef1"
    ip        = "10.0.1.53"
  }
}

resource "aws_route53_resolver_rule" "office" {
  domain_name          = "office.example.com"
  rule_type            = "FORWARD"
  name                 = var.changed ? "the-office" : "office"
  resolver_endpoint_id = aws_route53_resolver_endpoint.out.id

  target_ip {
    ip = "192.0.2.53"
  }
}

resource "aws_route53_resolver_rule_association" "office" {
  resolver_rule_id = aws_route53_resolver_rule.office.id
  vpc_id           = "vpc-0123456789abcdef0"
}

resource "aws_acm_certificate" "main" {
  domain_name               = "app.example.com"
  subject_alternative_names = var.changed ? ["www.example.com", "api.example.com"] : ["www.example.com"]
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_acm_certificate" "plain" {
  domain_name       = "plain.example.com"
  validation_method = "EMAIL"
}

resource "aws_acm_certificate_validation" "main" {
  certificate_arn         = aws_acm_certificate.main.arn
  validation_record_fqdns = ["_a.app.example.com"]
}

resource "aws_globalaccelerator_accelerator" "main" {
  name    = "main"
  enabled = !var.changed

  attributes {
    flow_logs_enabled = false
  }
}

resource "aws_globalaccelerator_listener" "main" {
  accelerator_arn = aws_globalaccelerator_accelerator.main.id
  protocol        = "TCP"

  port_range {
    from_port = 443
    to_port   = 443
  }
}

resource "aws_service_discovery_http_namespace" "main" {
  name = var.changed ? "services" : "service"
}
