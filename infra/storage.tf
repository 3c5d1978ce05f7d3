# What the services share: models and reports as objects, transactions as rows.

resource "aws_s3_bucket" "artifacts" {
  # Bucket names are global, so the account is part of this one.
  bucket        = "${var.project}-artifacts-${data.aws_caller_identity.current.account_id}-${var.environmentSuffix}"
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "artifacts" {
  bucket = aws_s3_bucket.artifacts.bucket

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_dynamodb_table" "transactions" {
  name                        = "${var.project}-transactions-${var.environmentSuffix}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "transaction_id"
  deletion_protection_enabled = false

  attribute {
    name = "transaction_id"
    type = "S"
  }
}
