# A web server and a database, as a public README shows them planned.

provider "aws" {
  region = "us-east-1"
}

locals {
  environment = "default"
}

resource "aws_vpc" "main" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "default-vpc_principal", Environment = local.environment }
}

resource "aws_subnet" "public" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.1.0/24"
  tags       = { Name = "default-subnet_public_1", Environment = local.environment }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "default-igw_main", Environment = local.environment }
}

resource "aws_security_group" "web" {
  name        = "default-sg_web"
  description = "Managed by InfraPilot"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "default-sg_web", Environment = local.environment }

  dynamic "ingress" {
    for_each = { HTTP = 80, HTTPS = 443 }

    content {
      description = ingress.key
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }

  egress {
    description = "All outbound"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "database" {
  name        = "default-sg_db"
  description = "Managed by InfraPilot"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "default-sg_db", Environment = local.environment }

  ingress {
    description = "mysql from private network"
    from_port   = 3306
    to_port     = 3306
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }

  egress {
    description = "All outbound"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_iam_role" "server" {
  name = "role-default-ec2_server"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_instance_profile" "server" {
  name = "profile-default-ec2_server"
}

resource "aws_instance" "server" {
  ami                     = "ami-0c02fb55956c7d316"
  instance_type           = "t3.micro"
  subnet_id               = aws_subnet.public.id
  vpc_security_group_ids  = [aws_security_group.web.id]
  iam_instance_profile    = aws_iam_instance_profile.server.name
  monitoring              = false
  disable_api_termination = false
  tenancy                 = "default"
  tags                    = { Name = "default-ec2_server", Environment = local.environment }

  root_block_device {
    volume_size = 20
    volume_type = "gp3"
    encrypted   = false
    iops        = 3000
    throughput  = 125
  }
}

resource "aws_db_instance" "main" {
  identifier              = "default-rds-mysql"
  engine                  = "mysql"
  engine_version          = "8.0"
  instance_class          = "db.t3.micro"
  allocated_storage       = 20
  storage_type            = "gp3"
  username                = "admin"
  password                = "some-secret"
  multi_az                = false
  publicly_accessible     = false
  backup_retention_period = 7
  backup_window           = "03:00-04:00"
  maintenance_window      = "sun:03:00-sun:04:00"
  skip_final_snapshot     = true
  deletion_protection     = false
  vpc_security_group_ids  = [aws_security_group.database.id]
  tags                    = { Name = "default-rds_mysql", Environment = local.environment }
}

resource "aws_cloudwatch_log_group" "main" {
  name              = "/aws/app/default-cloudwatch_monitoring"
  retention_in_days = 7
  tags              = { Name = "default-cloudwatch_monitoring", Environment = local.environment }
}

resource "aws_cloudwatch_metric_alarm" "main" {
  alarm_name          = "default-cloudwatch_monitoring-alarm"
  alarm_description   = "Alarm for default-cloudwatch_monitoring"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 2
  metric_name         = "CPUUtilization"
  namespace           = "AWS/EC2"
  period              = 300
  statistic           = "Average"
  threshold           = 80
  tags                = { Name = "default-cloudwatch_monitoring-alarm", Environment = local.environment }
}
