# Topics, queues, events, schedules and mail.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "eu-north-1"
}

resource "aws_sns_topic" "orders" {
  name              = "orders"
  display_name      = var.changed ? "All orders" : "Orders"
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_sns_topic" "fifo" {
  name                        = "orders.fifo"
  fifo_topic                  = true
  content_based_deduplication = true
}

resource "aws_sns_topic_policy" "orders" {
  arn = aws_sns_topic.orders.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "events.amazonaws.com" }, Action = "sns:Publish", Resource = "*" }]
  })
}

resource "aws_sns_topic_subscription" "jobs" {
  topic_arn            = aws_sns_topic.orders.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.jobs.arn
  raw_message_delivery = var.changed
  filter_policy        = jsonencode({ kind = ["order"] })
}

resource "aws_sns_topic_subscription" "mail" {
  topic_arn = aws_sns_topic.orders.arn
  protocol  = "email"
  endpoint  = var.changed ? "ops@example.org" : "ops@example.com"
}

resource "aws_sqs_queue" "jobs" {
  name                       = "jobs"
  delay_seconds              = 5
  max_message_size           = 2048
  message_retention_seconds  = 86400
  receive_wait_time_seconds  = 10
  visibility_timeout_seconds = var.changed ? 120 : 60
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 4 })
}

resource "aws_sqs_queue" "dead" {
  name_prefix       = "dead-"
  kms_master_key_id = "alias/aws/sqs"
}

resource "aws_sqs_queue" "fifo" {
  name                        = "jobs.fifo"
  fifo_queue                  = true
  content_based_deduplication = !var.changed
}

resource "aws_sqs_queue_policy" "jobs" {
  queue_url = aws_sqs_queue.jobs.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "sqs:SendMessage", Resource = aws_sqs_queue.jobs.arn }]
  })
}

resource "aws_cloudwatch_event_bus" "main" {
  name = "shop"
}

resource "aws_cloudwatch_event_rule" "hourly" {
  name                = var.changed ? "every-hour" : "hourly"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_rule" "orders" {
  name_prefix    = "orders-"
  description    = "orders"
  event_bus_name = aws_cloudwatch_event_bus.main.name
  event_pattern  = jsonencode({ source = ["shop"], "detail-type" = var.changed ? ["order", "refund"] : ["order"] })
}

resource "aws_cloudwatch_event_target" "hourly" {
  rule = aws_cloudwatch_event_rule.hourly.name
  arn  = aws_sqs_queue.jobs.arn

  input_transformer {
    input_paths    = { time = "$.time" }
    input_template = "{\"at\": <time>}"
  }
}

resource "aws_cloudwatch_event_target" "task" {
  rule           = aws_cloudwatch_event_rule.orders.name
  event_bus_name = aws_cloudwatch_event_bus.main.name
  target_id      = "task"
  arn            = "arn:aws:ecs:eu-north-1:123456789012:cluster/shop"
  role_arn       = "arn:aws:iam::123456789012:role/events"

  ecs_target {
    task_definition_arn = "arn:aws:ecs:eu-north-1:123456789012:task-definition/report"
    task_count          = var.changed ? 2 : 1
    launch_type         = "FARGATE"

    network_configuration {
      subnets = ["subnet-0123456789abcdef0"]
    }
  }

  retry_policy {
    maximum_event_age_in_seconds = 300
    maximum_retry_attempts       = 3
  }
}

resource "aws_cloudwatch_event_permission" "partner" {
  principal    = "123456789012"
  statement_id = "partner"
}

resource "aws_cloudwatch_event_archive" "main" {
  name             = "shop"
  event_source_arn = aws_cloudwatch_event_bus.main.arn
  retention_days   = var.changed ? 14 : 7
}

resource "aws_mq_broker" "main" {
  broker_name        = "main"
  engine_type        = "ActiveMQ"
  engine_version     = "5.15.9"
  host_instance_type = "mq.t2.micro"
  security_groups    = ["sg-0123456789abcdef0"]

  user {
    username = "app"
    password = "some-secret-password"
  }
}

resource "aws_ses_domain_identity" "main" {
  domain = var.changed ? "example.org" : "example.com"
}

resource "aws_ses_domain_dkim" "main" {
  domain = aws_ses_domain_identity.main.domain
}

resource "aws_ses_configuration_set" "main" {
  name = "main"
}

resource "aws_ses_email_identity" "ops" {
  email = "ops@example.com"
}
