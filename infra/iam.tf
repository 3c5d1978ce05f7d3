data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

# Who may take on the roles of a service: tasks of this account and region only.
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:*"]
    }
  }
}

# What the code of a service may do. What Fargate may do to start it is the service module's business.
data "aws_iam_policy_document" "task" {
  for_each = var.services

  statement {
    sid       = "Artifacts"
    actions   = each.value.artifact_actions
    resources = ["${aws_s3_bucket.artifacts.arn}/${each.key}/*"]
  }

  statement {
    sid       = "Transactions"
    actions   = each.value.table_actions
    resources = [aws_dynamodb_table.transactions.arn]
  }
}
