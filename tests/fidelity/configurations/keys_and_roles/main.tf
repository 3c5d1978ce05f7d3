# Keys, secrets, parameters, and who may use them.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "eu-west-2"
}

data "aws_iam_policy_document" "deploy" {
  statement {
    effect    = "Deny"
    actions   = ["iam:*"]
    resources = ["*"]
  }

  statement {
    actions   = var.changed ? ["ecs:*", "ecr:*"] : ["ecs:*"]
    resources = ["*"]
  }
}

resource "aws_kms_key" "main" {
  description             = "data"
  deletion_window_in_days = 14
  enable_key_rotation     = true
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::123456789012:root" }, Action = "kms:*", Resource = "*" }]
  })
}

resource "aws_kms_key" "signing" {
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "RSA_2048"
  is_enabled               = !var.changed
}

resource "aws_kms_alias" "main" {
  name          = var.changed ? "alias/all-data" : "alias/data"
  target_key_id = aws_kms_key.main.key_id
}

resource "aws_kms_grant" "main" {
  key_id            = aws_kms_key.main.key_id
  grantee_principal = "arn:aws:iam::123456789012:role/app"
  operations        = ["Decrypt", "Encrypt"]
}

resource "aws_secretsmanager_secret" "main" {
  name                    = "app/database"
  kms_key_id              = aws_kms_key.main.arn
  recovery_window_in_days = var.changed ? 30 : 7
}

resource "aws_secretsmanager_secret" "prefixed" {
  name_prefix = "app-"
}

resource "aws_secretsmanager_secret_version" "main" {
  secret_id     = aws_secretsmanager_secret.main.id
  secret_string = var.changed ? "new-secret" : "old-secret"
}

resource "aws_secretsmanager_secret_rotation" "main" {
  secret_id           = aws_secretsmanager_secret.main.id
  rotation_lambda_arn = "arn:aws:lambda:eu-west-2:123456789012:function:rotate"

  rotation_rules {
    automatically_after_days = var.changed ? 60 : 30
  }
}

resource "aws_secretsmanager_secret_policy" "main" {
  secret_arn = aws_secretsmanager_secret.main.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::123456789012:root" }, Action = "secretsmanager:GetSecretValue", Resource = "*" }]
  })
}

resource "aws_ssm_parameter" "plain" {
  name  = "/app/log-level"
  type  = "String"
  value = var.changed ? "debug" : "info"
}

resource "aws_ssm_parameter" "secret" {
  name   = "/app/token"
  type   = "SecureString"
  value  = "token"
  key_id = aws_kms_key.main.arn
}

resource "aws_iam_policy" "deploy" {
  name        = "deploy"
  description = "what the pipeline may do"
  policy      = jsonencode(jsondecode(data.aws_iam_policy_document.deploy.json))
}

resource "aws_iam_policy" "prefixed" {
  name_prefix = "read-"
  path        = "/app/"
  policy      = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:Get*", Resource = "*" }] })
}

resource "aws_iam_user" "ci" {
  name          = var.changed ? "ci-bot" : "ci"
  force_destroy = true
}

resource "aws_iam_access_key" "ci" {
  user = aws_iam_user.ci.name
}

resource "aws_iam_user_policy" "ci" {
  user   = aws_iam_user.ci.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Resource = "*" }] })
}

resource "aws_iam_user_policy_attachment" "ci" {
  user       = aws_iam_user.ci.name
  policy_arn = aws_iam_policy.deploy.arn
}

resource "aws_iam_group" "ops" {
  name = "ops"
  path = var.changed ? "/people/" : "/"
}

resource "aws_iam_group_membership" "ops" {
  name  = "ops"
  group = aws_iam_group.ops.name
  users = [aws_iam_user.ci.name]
}

resource "aws_iam_group_policy_attachment" "ops" {
  group      = aws_iam_group.ops.name
  policy_arn = aws_iam_policy.prefixed.arn
}

resource "aws_iam_role" "app" {
  name                 = "app"
  permissions_boundary = var.changed ? aws_iam_policy.deploy.arn : null
  managed_policy_arns  = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }] })
}

resource "aws_iam_instance_profile" "app" {
  name = "app"
  role = aws_iam_role.app.name
}

resource "aws_iam_service_linked_role" "search" {
  aws_service_name = "es.amazonaws.com"
}

resource "aws_iam_account_password_policy" "main" {
  minimum_password_length = var.changed ? 16 : 12
  require_symbols         = true
}

resource "aws_iam_saml_provider" "main" {
  name                   = "login"
  saml_metadata_document = join("", [for each in range(120) : "<entity/>"])
}

resource "aws_accessanalyzer_analyzer" "main" {
  analyzer_name = "main"
}
