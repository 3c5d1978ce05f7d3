# Applied by provider 3.39.0 to a simulated AWS (moto's server, as `endpoints`); `pulled.json` is what
# `terraform state pull` printed then.
provider "aws" {
  region = "eu-west-1"
  default_tags { tags = { Team = "platform" } }
}
data "aws_caller_identity" "me" {}
data "aws_availability_zones" "all" { state = "available" }
resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "main" }
}
resource "aws_subnet" "inner" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
  availability_zone = data.aws_availability_zones.all.names[count.index]
}
resource "aws_internet_gateway" "out" { vpc_id = aws_vpc.main.id }
resource "aws_route_table" "out" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.out.id
  }
}
resource "aws_route_table_association" "inner" {
  count          = 2
  subnet_id      = aws_subnet.inner[count.index].id
  route_table_id = aws_route_table.out.id
}
resource "aws_security_group" "app" {
  name   = "app"
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
data "aws_vpc" "looked" { id = aws_vpc.main.id }
resource "aws_security_group_rule" "more" {
  type              = "ingress"
  from_port         = 443
  to_port           = 443
  protocol          = "tcp"
  cidr_blocks       = [data.aws_vpc.looked.cidr_block]
  security_group_id = aws_security_group.other.id
}
resource "aws_security_group" "other" {
  name_prefix = "other"
  vpc_id      = aws_vpc.main.id
}
data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}
resource "aws_iam_role" "task" {
  name               = "task"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}
resource "aws_iam_role_policy" "task" {
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = "${aws_s3_bucket.store.arn}/*" }]
  })
}
resource "aws_iam_policy" "p" {
  name = "p"
  policy = jsonencode({
    Statement = [{ Action = ["s3:PutObject", "s3:GetObject"], Effect = "Allow", Resource = "*" }]
    Version   = "2012-10-17"
  })
}
resource "aws_iam_role_policy_attachment" "task" {
  role       = aws_iam_role.task.name
  policy_arn = aws_iam_policy.p.arn
}
resource "aws_s3_bucket" "store" { bucket = "store-of-${data.aws_caller_identity.me.account_id}" }
resource "aws_s3_bucket_public_access_block" "store" {
  bucket              = aws_s3_bucket.store.id
  block_public_acls   = true
  block_public_policy = true
}
resource "aws_ecr_repository" "app" {
  name                 = "app"
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration { scan_on_push = true }
}
resource "aws_ecr_lifecycle_policy" "app" {
  repository = aws_ecr_repository.app.name
  policy     = jsonencode({ rules = [{ rulePriority = 1, description = "keep", selection = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 10 }, action = { type = "expire" } }] })
}
resource "aws_cloudwatch_log_group" "app" {
  name              = "/app"
  retention_in_days = 7
}
resource "aws_ecs_cluster" "main" { name = "main" }
resource "aws_ecs_task_definition" "app" {
  family                   = "app"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.task.arn
  container_definitions = jsonencode([{
    name         = "app"
    image        = "${aws_ecr_repository.app.repository_url}:1"
    portMappings = [{ containerPort = 80 }]
    environment  = [{ name = "B", value = "2" }, { name = "A", value = "1" }]
    logConfiguration = {
      logDriver = "awslogs"
      options   = { awslogs-group = aws_cloudwatch_log_group.app.name, awslogs-region = "eu-west-1", awslogs-stream-prefix = "app" }
    }
  }])
}
resource "aws_ecs_service" "app" {
  name            = "app"
  cluster         = aws_ecs_cluster.main.id
  task_definition = aws_ecs_task_definition.app.arn
  desired_count   = 1
  launch_type     = "FARGATE"
  network_configuration {
    subnets         = aws_subnet.inner[*].id
    security_groups = [aws_security_group.app.id]
  }
}
resource "aws_dynamodb_table" "t" {
  name         = "table"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "k"
  attribute {
    name = "k"
    type = "S"
  }
}
resource "aws_sqs_queue" "q" {
  name           = "q"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 3 })
}
resource "aws_sqs_queue" "dead" { name = "dead" }
resource "aws_sns_topic" "t" { name = "t" }
resource "aws_kms_key" "k" { description = "k" }
resource "aws_lb" "main" {
  name               = "main"
  internal           = true
  load_balancer_type = "application"
  subnets            = aws_subnet.inner[*].id
  security_groups    = [aws_security_group.app.id]
}
resource "aws_lb_target_group" "app" {
  name        = "app"
  port        = 80
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = aws_vpc.main.id
  health_check { path = "/health" }
}
resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}
resource "aws_ssm_parameter" "p" {
  name  = "/p"
  type  = "SecureString"
  value = "hunter2-secret"
}
