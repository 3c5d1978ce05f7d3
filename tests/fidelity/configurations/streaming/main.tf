# Streams, search and people who sign in.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "eu-west-1"

  default_tags {
    tags = { Area = "events" }
  }
}

resource "aws_kinesis_stream" "main" {
  name             = "events"
  shard_count      = var.changed ? 4 : 2
  retention_period = 48
  encryption_type  = "KMS"
  kms_key_id       = "alias/aws/kinesis"
}

resource "aws_kinesis_stream_consumer" "main" {
  name       = "reader"
  stream_arn = aws_kinesis_stream.main.arn
}

resource "aws_kinesis_firehose_delivery_stream" "main" {
  name        = var.changed ? "to-the-lake" : "to-lake"
  destination = "extended_s3"

  extended_s3_configuration {
    role_arn           = "arn:aws:iam::123456789012:role/firehose"
    bucket_arn         = "arn:aws:s3:::lake"
    compression_format = "GZIP"
  }
}

resource "aws_elasticsearch_domain" "main" {
  domain_name           = "logs"
  elasticsearch_version = "7.9"

  cluster_config {
    instance_type  = "m5.large.elasticsearch"
    instance_count = var.changed ? 3 : 1
  }

  ebs_options {
    ebs_enabled = true
    volume_size = 20
  }

  encrypt_at_rest {
    enabled = true
  }

  domain_endpoint_options {
    enforce_https       = true
    tls_security_policy = "Policy-Min-TLS-1-2-2019-07"
  }
}

resource "aws_cognito_user_pool" "main" {
  name                     = "people"
  auto_verified_attributes = ["email"]
  mfa_configuration        = var.changed ? "OPTIONAL" : "OFF"

  password_policy {
    minimum_length                   = 10
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = false
    require_uppercase                = true
    temporary_password_validity_days = 7
  }

  software_token_mfa_configuration {
    enabled = true
  }
}

resource "aws_cognito_user_pool_client" "web" {
  name                                 = "web"
  user_pool_id                         = aws_cognito_user_pool.main.id
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_scopes                 = ["openid"]
  callback_urls                        = ["https://app.example.com/in"]
  generate_secret                      = var.changed
  supported_identity_providers         = ["COGNITO"]
}

resource "aws_cognito_user_pool_domain" "main" {
  domain       = var.changed ? "sign-in" : "login"
  user_pool_id = aws_cognito_user_pool.main.id
}

resource "aws_cognito_identity_pool" "main" {
  identity_pool_name               = "people"
  allow_unauthenticated_identities = false
}

resource "aws_cognito_resource_server" "main" {
  identifier   = "https://api.example.com"
  name         = "api"
  user_pool_id = aws_cognito_user_pool.main.id

  scope {
    scope_name        = "read"
    scope_description = "to read"
  }
}

resource "aws_emr_security_configuration" "main" {
  name          = "emr"
  configuration = jsonencode({ EncryptionConfiguration = { EnableInTransitEncryption = false, EnableAtRestEncryption = false } })
}

resource "aws_appsync_graphql_api" "main" {
  name                = "graph"
  authentication_type = "API_KEY"
  xray_enabled        = var.changed
}

resource "aws_appsync_api_key" "main" {
  api_id = aws_appsync_graphql_api.main.id
}

resource "aws_sagemaker_notebook_instance" "main" {
  name          = "notes"
  role_arn      = "arn:aws:iam::123456789012:role/notes"
  instance_type = var.changed ? "ml.t3.large" : "ml.t3.medium"
}

resource "aws_workspaces_ip_group" "office" {
  name = "office"

  rules {
    source = "192.0.2.0/24"
  }
}

resource "aws_msk_configuration" "main" {
  name              = "events"
  kafka_versions    = ["2.6.1"]
  server_properties = "auto.create.topics.enable = ${var.changed}\n"
}
