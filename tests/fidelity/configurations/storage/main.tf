# File systems, data lakes and warehouses.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "ca-central-1"
}

resource "aws_efs_file_system" "main" {
  creation_token = "shared"
  encrypted      = true

  lifecycle_policy {
    transition_to_ia = var.changed ? "AFTER_60_DAYS" : "AFTER_30_DAYS"
  }
}

resource "aws_efs_file_system" "fast" {
  performance_mode                = "maxIO"
  throughput_mode                 = "provisioned"
  provisioned_throughput_in_mibps = var.changed ? 20 : 10
}

resource "aws_efs_mount_target" "main" {
  count          = var.changed ? 1 : 2
  file_system_id = aws_efs_file_system.main.id
  subnet_id      = "subnet-0123456789abcdef${count.index}"
}

resource "aws_efs_access_point" "main" {
  file_system_id = aws_efs_file_system.main.id

  posix_user {
    uid = 1000
    gid = 1000
  }

  root_directory {
    path = var.changed ? "/data" : "/app"

    creation_info {
      owner_uid   = 1000
      owner_gid   = 1000
      permissions = "750"
    }
  }
}

resource "aws_efs_file_system_policy" "main" {
  file_system_id = aws_efs_file_system.main.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "*" }, Action = "elasticfilesystem:ClientMount", Resource = "*" }]
  })
}

resource "aws_fsx_lustre_file_system" "main" {
  subnet_ids                  = ["subnet-0123456789abcdef0"]
  storage_capacity            = 1200
  deployment_type             = "PERSISTENT_1"
  per_unit_storage_throughput = 50
}

resource "aws_s3_bucket" "lake" {
  bucket = "lake"
}

resource "aws_s3_bucket_object" "marker" {
  bucket  = aws_s3_bucket.lake.id
  key     = "marker"
  content = var.changed ? "b" : "a"
}

resource "aws_s3_access_point" "main" {
  bucket = aws_s3_bucket.lake.id
  name   = var.changed ? "readers" : "reader"
}

resource "aws_s3_account_public_access_block" "main" {
  block_public_acls   = true
  block_public_policy = var.changed
}

resource "aws_s3_bucket_analytics_configuration" "main" {
  bucket = aws_s3_bucket.lake.bucket
  name   = "all"
}

resource "aws_s3_bucket_inventory" "main" {
  bucket                   = aws_s3_bucket.lake.id
  name                     = "weekly"
  included_object_versions = "All"

  schedule {
    frequency = var.changed ? "Daily" : "Weekly"
  }

  destination {
    bucket {
      format     = "ORC"
      bucket_arn = "arn:aws:s3:::inventory"
    }
  }
}

resource "aws_glacier_vault" "main" {
  name = "archive"
}

resource "aws_glue_catalog_database" "main" {
  name        = "lake"
  description = var.changed ? "the lake" : "lake"
}

resource "aws_glue_catalog_table" "main" {
  name          = "events"
  database_name = aws_glue_catalog_database.main.name
  table_type    = "EXTERNAL_TABLE"
  parameters    = { EXTERNAL = "TRUE" }

  partition_keys {
    name = "day"
    type = var.changed ? "date" : "string"
  }

  storage_descriptor {
    location      = "s3://lake/events"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    columns {
      name = "id"
      type = "string"
    }

    columns {
      name    = "total"
      type    = "double"
      comment = "in euro"
    }

    ser_de_info {
      name                  = "events"
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }
  }
}

resource "aws_glue_crawler" "main" {
  name          = "events"
  database_name = aws_glue_catalog_database.main.name
  role          = "arn:aws:iam::123456789012:role/glue"
  schedule      = var.changed ? "cron(0 2 * * ? *)" : "cron(0 1 * * ? *)"

  s3_target {
    path = "s3://lake/events"
  }
}

resource "aws_glue_job" "main" {
  name         = "compact"
  role_arn     = "arn:aws:iam::123456789012:role/glue"
  glue_version = "2.0"
  max_retries  = var.changed ? 1 : 0

  command {
    script_location = "s3://lake/compact.py"
  }
}

resource "aws_athena_workgroup" "main" {
  name = "analysts"

  configuration {
    enforce_workgroup_configuration = !var.changed

    result_configuration {
      output_location = "s3://results/"
    }
  }
}

resource "aws_athena_named_query" "main" {
  name      = "all"
  database  = aws_glue_catalog_database.main.name
  workgroup = aws_athena_workgroup.main.id
  query     = "SELECT 1"
}

resource "aws_redshift_subnet_group" "main" {
  name       = "warehouse"
  subnet_ids = ["subnet-0123456789abcdef0"]
}

resource "aws_redshift_parameter_group" "main" {
  name   = "warehouse"
  family = "redshift-1.0"

  parameter {
    name  = "require_ssl"
    value = "true"
  }
}

resource "aws_transfer_server" "main" {
  identity_provider_type = "SERVICE_MANAGED"
  force_destroy          = var.changed
}

resource "aws_transfer_user" "partner" {
  server_id      = aws_transfer_server.main.id
  user_name      = "partner"
  role           = "arn:aws:iam::123456789012:role/transfer"
  home_directory = var.changed ? "/partners" : "/partner"
}

resource "aws_datasync_location_s3" "main" {
  s3_bucket_arn = aws_s3_bucket.lake.arn
  subdirectory  = "/in"

  s3_config {
    bucket_access_role_arn = "arn:aws:iam::123456789012:role/datasync"
  }
}

resource "aws_lakeformation_resource" "main" {
  arn = aws_s3_bucket.lake.arn
}
