# Logs, alarms, trails and what watches over an account.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "eu-west-3"
}

resource "aws_cloudwatch_log_group" "main" {
  name              = "main"
  retention_in_days = var.changed ? 90 : 30
}

resource "aws_cloudwatch_log_stream" "main" {
  name           = "main"
  log_group_name = aws_cloudwatch_log_group.main.name
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.main.name
  pattern        = var.changed ? "FATAL" : "ERROR"

  metric_transformation {
    name      = "errors"
    namespace = "app"
    value     = "1"
  }
}

resource "aws_cloudwatch_log_subscription_filter" "main" {
  name            = "forward"
  log_group_name  = aws_cloudwatch_log_group.main.name
  filter_pattern  = ""
  destination_arn = "arn:aws:lambda:eu-west-3:123456789012:function:forward"
}

resource "aws_cloudwatch_log_resource_policy" "main" {
  policy_name = "route53"
  policy_document = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "route53.amazonaws.com" }, Action = "logs:PutLogEvents", Resource = "*" }]
  })
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "errors"
  namespace           = "app"
  period              = 60
  statistic           = "Sum"
  threshold           = var.changed ? 10 : 5
  alarm_actions       = ["arn:aws:sns:eu-west-3:123456789012:alarms"]
  dimensions          = { Service = "web" }
}

resource "aws_cloudwatch_metric_alarm" "rate" {
  alarm_name          = var.changed ? "error-rate" : "rate"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 1
  threshold           = 10
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "rate"
    expression  = "m2/m1*100"
    return_data = true
  }

  metric_query {
    id = "m1"

    metric {
      metric_name = "RequestCount"
      namespace   = "AWS/ApplicationELB"
      period      = 120
      stat        = "Sum"
    }
  }

  metric_query {
    id = "m2"

    metric {
      metric_name = "HTTPCode_ELB_5XX_Count"
      namespace   = "AWS/ApplicationELB"
      period      = 120
      stat        = "Sum"
      dimensions  = { LoadBalancer = "app/web" }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "all" {
  alarm_name = "all"
  alarm_rule = "ALARM(errors) OR ALARM(rate)"
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = "main"
  dashboard_body = jsonencode({ widgets = [{ type = "text", x = 0, y = 0, width = 3, height = 3, properties = { markdown = var.changed ? "b" : "a" } }] })
}

resource "aws_cloudtrail" "main" {
  name                          = "main"
  s3_bucket_name                = "trail"
  include_global_service_events = true
  is_multi_region_trail         = var.changed
  enable_log_file_validation    = true

  event_selector {
    read_write_type = "WriteOnly"

    data_resource {
      type   = "AWS::S3::Object"
      values = ["arn:aws:s3:::"]
    }
  }
}

resource "aws_config_configuration_recorder" "main" {
  name     = "main"
  role_arn = "arn:aws:iam::123456789012:role/config"

  recording_group {
    all_supported                 = true
    include_global_resource_types = var.changed
  }
}

resource "aws_config_delivery_channel" "main" {
  s3_bucket_name = "config"
  depends_on     = [aws_config_configuration_recorder.main]
}

resource "aws_config_configuration_recorder_status" "main" {
  name       = aws_config_configuration_recorder.main.name
  is_enabled = true
  depends_on = [aws_config_delivery_channel.main]
}

resource "aws_config_config_rule" "encrypted" {
  name = "encrypted-volumes"

  source {
    owner             = "AWS"
    source_identifier = "ENCRYPTED_VOLUMES"
  }
}

resource "aws_guardduty_detector" "main" {
  enable                       = true
  finding_publishing_frequency = var.changed ? "ONE_HOUR" : "SIX_HOURS"
}

resource "aws_securityhub_account" "main" {
}

resource "aws_securityhub_standards_subscription" "cis" {
  standards_arn = "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0"
  depends_on    = [aws_securityhub_account.main]
}

resource "aws_inspector_resource_group" "main" {
  tags = { Inspect = "yes" }
}

resource "aws_xray_sampling_rule" "main" {
  rule_name      = "main"
  priority       = 1000
  version        = 1
  reservoir_size = 1
  fixed_rate     = var.changed ? 0.1 : 0.05
  url_path       = "*"
  host           = "*"
  http_method    = "*"
  service_type   = "*"
  service_name   = "*"
  resource_arn   = "*"
}

resource "aws_synthetics_canary" "main" {
  name                 = "home"
  artifact_s3_location = "s3://artifacts/home"
  execution_role_arn   = "arn:aws:iam::123456789012:role/canary"
  handler              = "home.handler"
  s3_bucket            = "artifacts"
  s3_key               = "home.zip"
  runtime_version      = "syn-nodejs-puppeteer-3.1"

  schedule {
    expression = var.changed ? "rate(10 minutes)" : "rate(5 minutes)"
  }
}

resource "aws_budgets_budget" "main" {
  name              = "monthly"
  budget_type       = "COST"
  limit_amount      = var.changed ? "2000" : "1000"
  limit_unit        = "USD"
  time_period_start = "2021-01-01_00:00"
  time_unit         = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    notification_type          = "ACTUAL"
    subscriber_email_addresses = ["ops@example.com"]
  }
}

resource "aws_ssm_maintenance_window" "main" {
  name     = "sunday"
  schedule = "cron(0 3 ? * SUN *)"
  duration = var.changed ? 4 : 3
  cutoff   = 1
}
