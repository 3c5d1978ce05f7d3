# An EKS cluster with node groups, add-ons, a Fargate profile and roles for service accounts.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "eu-west-1"
}

data "aws_iam_policy_document" "cluster" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["eks.amazonaws.com", "ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "cluster" {
  name                  = "cluster"
  assume_role_policy    = jsonencode(jsondecode(data.aws_iam_policy_document.cluster.json))
  force_detach_policies = var.changed
}

resource "aws_iam_role_policy_attachment" "cluster" {
  for_each   = toset(["AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController"])
  role       = aws_iam_role.cluster.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_kms_key" "secrets" {
  description             = "secrets of the cluster"
  enable_key_rotation     = var.changed
  deletion_window_in_days = 7
}

resource "aws_kms_alias" "secrets" {
  name          = "alias/cluster"
  target_key_id = aws_kms_key.secrets.key_id
}

resource "aws_eks_cluster" "main" {
  name                      = "main"
  version                   = var.changed ? "1.20" : "1.19"
  role_arn                  = aws_iam_role.cluster.arn
  enabled_cluster_log_types = ["api", "audit"]

  vpc_config {
    subnet_ids              = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    endpoint_private_access = true
    public_access_cidrs     = var.changed ? ["192.0.2.0/24"] : ["0.0.0.0/0"]
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = aws_kms_key.secrets.arn
    }
  }

  kubernetes_network_config {
    service_ipv4_cidr = "172.20.0.0/16"
  }

  depends_on = [aws_iam_role_policy_attachment.cluster]
}

resource "aws_eks_cluster" "plain" {
  name     = "plain"
  role_arn = aws_iam_role.cluster.arn

  vpc_config {
    subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  }
}

resource "aws_eks_node_group" "main" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "general"
  node_role_arn   = aws_iam_role.cluster.arn
  subnet_ids      = ["subnet-0123456789abcdef0"]
  instance_types  = [var.changed ? "m5.xlarge" : "m5.large"]
  labels          = { role = "general" }

  scaling_config {
    desired_size = 2
    max_size     = var.changed ? 6 : 4
    min_size     = 1
  }

  remote_access {
    ec2_ssh_key = "ops"
  }
}

resource "aws_eks_node_group" "template" {
  cluster_name           = aws_eks_cluster.main.name
  node_group_name        = "spot"
  node_role_arn          = aws_iam_role.cluster.arn
  subnet_ids             = ["subnet-0123456789abcdef0"]
  capacity_type          = "SPOT"

  launch_template {
    id      = aws_launch_template.nodes.id
    version = "1"
  }

  scaling_config {
    desired_size = 1
    max_size     = var.changed ? 3 : 2
    min_size     = 1
  }
}

resource "aws_launch_template" "nodes" {
  name_prefix            = "nodes-"
  vpc_security_group_ids = ["sg-0123456789abcdef0"]

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size = var.changed ? 80 : 40
      volume_type = "gp3"
      encrypted   = true
    }
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "node" }
  }
}

resource "aws_eks_addon" "dns" {
  cluster_name = aws_eks_cluster.main.name
  addon_name   = "coredns"
}

resource "aws_eks_fargate_profile" "system" {
  cluster_name           = aws_eks_cluster.main.name
  fargate_profile_name   = "system"
  pod_execution_role_arn = aws_iam_role.cluster.arn
  subnet_ids             = ["subnet-0123456789abcdef0"]

  selector {
    namespace = var.changed ? "kube-system" : "default"
  }
}

resource "aws_iam_openid_connect_provider" "cluster" {
  url             = "https://oidc.example.com"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]
}

resource "aws_security_group" "nodes" {
  name   = "nodes"
  vpc_id = "vpc-0123456789abcdef0"
  tags   = { "kubernetes.io/cluster/main" = var.changed ? "shared" : "owned" }
}

resource "aws_security_group_rule" "nodes" {
  security_group_id        = aws_security_group.nodes.id
  source_security_group_id = aws_security_group.nodes.id
  type                     = "ingress"
  from_port                = 0
  to_port                  = 0
  protocol                 = "-1"
}
