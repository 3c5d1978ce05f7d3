# Tables of DynamoDB with indexes, streams and scaling.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "ap-southeast-2"

  default_tags {
    tags = { Store = "tables" }
  }
}

resource "aws_dynamodb_table" "orders" {
  name             = "orders"
  billing_mode     = "PROVISIONED"
  read_capacity    = var.changed ? 20 : 10
  write_capacity   = 5
  hash_key         = "customer"
  range_key        = "order"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "customer"
    type = "S"
  }

  attribute {
    name = "order"
    type = "N"
  }

  attribute {
    name = "state"
    type = "S"
  }

  global_secondary_index {
    name               = "by-state"
    hash_key           = "state"
    read_capacity      = 5
    write_capacity     = 5
    projection_type    = "INCLUDE"
    non_key_attributes = ["total", "placed"]
  }

  local_secondary_index {
    name            = "by-order-state"
    range_key       = "state"
    projection_type = "ALL"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = var.changed
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = "arn:aws:kms:ap-southeast-2:123456789012:key/0f0e0d0c-0000-4000-8000-000000000000"
  }
}

resource "aws_dynamodb_table" "locks" {
  name         = var.changed ? "state-locks" : "locks"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "LockID"

  attribute {
    name = "LockID"
    type = "S"
  }
}

resource "aws_dynamodb_table_item" "first" {
  table_name = aws_dynamodb_table.locks.name
  hash_key   = aws_dynamodb_table.locks.hash_key
  item       = jsonencode({ LockID = { S = "first" }, Digest = { S = var.changed ? "b" : "a" } })
}

resource "aws_appautoscaling_target" "read" {
  service_namespace  = "dynamodb"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits"
  resource_id        = "table/${aws_dynamodb_table.orders.name}"
  min_capacity       = 5
  max_capacity       = var.changed ? 200 : 100
}

resource "aws_appautoscaling_policy" "read" {
  name               = "read"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.read.service_namespace
  scalable_dimension = aws_appautoscaling_target.read.scalable_dimension
  resource_id        = aws_appautoscaling_target.read.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 70
    scale_in_cooldown  = 60
    scale_out_cooldown = var.changed ? 30 : 60
    disable_scale_in   = true

    predefined_metric_specification {
      predefined_metric_type = "DynamoDBReadCapacityUtilization"
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "night" {
  name               = "night"
  service_namespace  = aws_appautoscaling_target.read.service_namespace
  scalable_dimension = aws_appautoscaling_target.read.scalable_dimension
  resource_id        = aws_appautoscaling_target.read.resource_id
  schedule           = "cron(0 22 * * ? *)"

  scalable_target_action {
    min_capacity = var.changed ? 1 : 2
    max_capacity = 10
  }
}

resource "aws_dax_subnet_group" "main" {
  name       = "dax"
  subnet_ids = ["subnet-0123456789abcdef0"]
}

resource "aws_dax_cluster" "main" {
  cluster_name       = "orders"
  iam_role_arn       = "arn:aws:iam::123456789012:role/dax"
  node_type          = "dax.r4.large"
  replication_factor = var.changed ? 2 : 1
  subnet_group_name  = aws_dax_subnet_group.main.name
}

resource "aws_backup_vault" "main" {
  name = "tables"
}

resource "aws_backup_plan" "main" {
  name = "tables"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name
    schedule          = "cron(0 3 * * ? *)"

    lifecycle {
      delete_after = var.changed ? 60 : 30
    }
  }
}

resource "aws_backup_selection" "main" {
  name         = "tables"
  plan_id      = aws_backup_plan.main.id
  iam_role_arn = "arn:aws:iam::123456789012:role/backup"
  resources    = [aws_dynamodb_table.orders.arn]
}
