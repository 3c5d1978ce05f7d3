# Relational databases: an instance, a replica, an Aurora cluster, their groups and caches.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "us-east-1"
}

resource "aws_db_subnet_group" "main" {
  name       = "main"
  subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
}

resource "aws_db_parameter_group" "main" {
  name   = var.changed ? "postgres-tuned" : "postgres"
  family = "postgres13"

  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }

  parameter {
    name         = "max_connections"
    value        = "200"
    apply_method = "pending-reboot"
  }
}

resource "aws_db_option_group" "main" {
  engine_name          = "mysql"
  major_engine_version = "8.0"

  option {
    option_name = "MARIADB_AUDIT_PLUGIN"
  }
}

resource "aws_db_instance" "main" {
  identifier                          = "main"
  engine                              = "postgres"
  engine_version                      = var.changed ? "13.4" : "13.3"
  instance_class                      = "db.t3.medium"
  allocated_storage                   = var.changed ? 50 : 20
  max_allocated_storage               = 100
  storage_type                        = "gp2"
  storage_encrypted                   = true
  username                            = "admin"
  password                            = var.changed ? "another-secret" : "some-secret"
  db_subnet_group_name                = aws_db_subnet_group.main.name
  parameter_group_name                = aws_db_parameter_group.main.name
  vpc_security_group_ids              = ["sg-0123456789abcdef0"]
  multi_az                            = true
  backup_retention_period             = 7
  deletion_protection                 = !var.changed
  iam_database_authentication_enabled = true
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]
  performance_insights_enabled        = true
  skip_final_snapshot                 = true

  timeouts {
    create = "60m"
  }
}

resource "aws_db_instance" "plain" {
  allocated_storage = 10
  engine            = "mysql"
  instance_class    = var.changed ? "db.t3.small" : "db.t3.micro"
  username          = var.changed ? "boss" : "root"
  password          = "some-secret"
}

resource "aws_db_instance" "replica" {
  identifier          = "replica"
  replicate_source_db = aws_db_instance.main.id
  instance_class      = "db.t3.medium"
  skip_final_snapshot = true
}

resource "aws_db_event_subscription" "main" {
  name             = "events"
  sns_topic        = "arn:aws:sns:us-east-1:123456789012:events"
  source_type      = "db-instance"
  source_ids       = [aws_db_instance.main.id]
  event_categories = var.changed ? ["failover", "failure"] : ["failover"]
}

resource "aws_rds_cluster_parameter_group" "main" {
  name   = "aurora"
  family = "aurora-mysql5.7"

  parameter {
    name  = "character_set_server"
    value = "utf8mb4"
  }
}

resource "aws_rds_cluster" "main" {
  cluster_identifier              = "main"
  engine                          = "aurora-mysql"
  engine_version                  = "5.7.mysql_aurora.2.10.0"
  database_name                   = var.changed ? "shop" : "store"
  master_username                 = "admin"
  master_password                 = "some-secret"
  db_subnet_group_name            = aws_db_subnet_group.main.name
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.main.name
  vpc_security_group_ids          = ["sg-0123456789abcdef0"]
  storage_encrypted               = true
  backup_retention_period         = 5
  preferred_backup_window         = "02:00-03:00"
  skip_final_snapshot             = true
  enabled_cloudwatch_logs_exports = ["audit"]
}

resource "aws_rds_cluster" "serverless" {
  cluster_identifier  = "serverless"
  engine              = "aurora-mysql"
  engine_mode         = "serverless"
  master_username     = "admin"
  master_password     = "some-secret"
  deletion_protection = var.changed

  scaling_configuration {
    auto_pause   = true
    max_capacity = var.changed ? 8 : 4
  }
}

resource "aws_rds_cluster_instance" "main" {
  count               = var.changed ? 3 : 2
  identifier          = "main-${count.index}"
  cluster_identifier  = aws_rds_cluster.main.id
  instance_class      = "db.t3.medium"
  engine              = aws_rds_cluster.main.engine
  engine_version      = aws_rds_cluster.main.engine_version
  monitoring_interval = 60
  monitoring_role_arn = "arn:aws:iam::123456789012:role/monitoring"
}

resource "aws_rds_cluster_endpoint" "readers" {
  cluster_identifier          = aws_rds_cluster.main.id
  cluster_endpoint_identifier = "readers"
  custom_endpoint_type        = "READER"
  static_members              = [aws_rds_cluster_instance.main[1].id]
}

resource "aws_rds_global_cluster" "main" {
  global_cluster_identifier = "global"
  engine                    = "aurora-mysql"
}

resource "aws_db_proxy" "main" {
  name           = "main"
  engine_family  = "MYSQL"
  role_arn       = "arn:aws:iam::123456789012:role/proxy"
  vpc_subnet_ids = ["subnet-0123456789abcdef0"]
  require_tls    = var.changed

  auth {
    auth_scheme = "SECRETS"
    iam_auth    = "DISABLED"
    secret_arn  = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db"
  }
}

resource "aws_db_proxy_default_target_group" "main" {
  db_proxy_name = aws_db_proxy.main.name

  connection_pool_config {
    max_connections_percent = var.changed ? 80 : 50
  }
}

resource "aws_elasticache_subnet_group" "main" {
  name       = "cache"
  subnet_ids = ["subnet-0123456789abcdef0"]
}

resource "aws_elasticache_parameter_group" "main" {
  name   = "redis"
  family = "redis6.x"

  parameter {
    name  = "activerehashing"
    value = "yes"
  }
}

resource "aws_elasticache_cluster" "main" {
  cluster_id           = "cache"
  engine               = "memcached"
  node_type            = var.changed ? "cache.t3.small" : "cache.t3.micro"
  num_cache_nodes      = 2
  parameter_group_name = "default.memcached1.6"
  subnet_group_name    = aws_elasticache_subnet_group.main.name
}

resource "aws_docdb_subnet_group" "main" {
  name       = "docdb"
  subnet_ids = ["subnet-0123456789abcdef0"]
}

resource "aws_docdb_cluster" "main" {
  cluster_identifier   = "docs"
  master_username      = "admin"
  master_password      = "some-secret"
  db_subnet_group_name = aws_docdb_subnet_group.main.name
  skip_final_snapshot  = true
  apply_immediately    = var.changed
}

resource "aws_docdb_cluster_instance" "main" {
  cluster_identifier = aws_docdb_cluster.main.id
  instance_class     = var.changed ? "db.r5.xlarge" : "db.r5.large"
}

resource "aws_neptune_cluster" "main" {
  cluster_identifier  = "graph"
  skip_final_snapshot = true
}
