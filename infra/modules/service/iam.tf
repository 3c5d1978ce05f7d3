# The execution role is Fargate's, to start a task; the task role is the code's.

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "SignIn"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # a token belongs to no repository
  }

  statement {
    sid = "Pull"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = [var.repository_arn]
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }
}

resource "aws_iam_role" "execution" {
  name                  = "${var.name}-execution-${var.environmentSuffix}"
  description           = "Starts the tasks of ${local.name}"
  assume_role_policy    = var.trust_policy
  force_detach_policies = true
}

resource "aws_iam_role_policy" "execution" {
  name   = aws_iam_role.execution.name
  role   = aws_iam_role.execution.name
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role" "task" {
  name                  = "${var.name}-task-${var.environmentSuffix}"
  description           = "Is what the code of ${local.name} acts as"
  assume_role_policy    = var.trust_policy
  force_detach_policies = true
}

resource "aws_iam_role_policy" "task" {
  name   = aws_iam_role.task.name
  role   = aws_iam_role.task.name
  policy = var.task_policy
}
