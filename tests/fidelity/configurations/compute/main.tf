# Instances, images, volumes, and groups that scale them.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "us-west-2"

  default_tags {
    tags = { Fleet = "web" }
  }
}

resource "aws_key_pair" "ops" {
  key_name   = "ops"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1vY2tLZXlNb2NrS2V5TW9ja0tleU1vY2tLZXlNb2Nr"
}

resource "aws_placement_group" "main" {
  name     = "spread"
  strategy = var.changed ? "partition" : "spread"
}

resource "aws_instance" "web" {
  ami                    = var.changed ? "ami-0123456789abcdef1" : "ami-0123456789abcdef0"
  instance_type          = "t3.micro"
  subnet_id              = "subnet-0123456789abcdef0"
  vpc_security_group_ids = ["sg-0123456789abcdef0"]
  key_name               = aws_key_pair.ops.key_name
  ebs_optimized          = true
  monitoring             = true

  root_block_device {
    volume_size = 20
    volume_type = "gp3"
    encrypted   = true
  }

  ebs_block_device {
    device_name = "/dev/sdf"
    volume_size = 50
  }

  metadata_options {
    http_tokens   = "required"
    http_endpoint = "enabled"
  }

  tags = { Name = "web" }
}

resource "aws_instance" "plain" {
  ami           = "ami-0123456789abcdef0"
  instance_type = var.changed ? "t3.small" : "t3.micro"
}

resource "aws_ebs_volume" "data" {
  availability_zone = "us-west-2a"
  size              = var.changed ? 200 : 100
  type              = "gp3"
  encrypted         = true
}

resource "aws_volume_attachment" "data" {
  device_name = "/dev/sdg"
  volume_id   = aws_ebs_volume.data.id
  instance_id = aws_instance.plain.id
}

resource "aws_ebs_snapshot" "data" {
  volume_id = aws_ebs_volume.data.id
}

resource "aws_ami_from_instance" "web" {
  name               = var.changed ? "web-2" : "web-1"
  source_instance_id = aws_instance.web.id
}

resource "aws_eip_association" "plain" {
  instance_id   = aws_instance.plain.id
  allocation_id = aws_eip.plain.id
}

resource "aws_eip" "plain" {
}

resource "aws_launch_template" "web" {
  name                   = "web"
  image_id               = "ami-0123456789abcdef0"
  instance_type          = var.changed ? "m5.large" : "t3.micro"
  vpc_security_group_ids = ["sg-0123456789abcdef0"]
  update_default_version = true
  user_data              = base64encode("#!/bin/sh\n")

  iam_instance_profile {
    name = "web"
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = 30
      delete_on_termination = true
    }
  }

  network_interfaces {
    associate_public_ip_address = true
    device_index                = 0
  }
}

resource "aws_launch_configuration" "old" {
  name_prefix     = "old-"
  image_id        = "ami-0123456789abcdef0"
  instance_type   = var.changed ? "t3.small" : "t3.micro"
  security_groups = ["sg-0123456789abcdef0"]

  root_block_device {
    volume_size = 20
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_autoscaling_group" "web" {
  name                      = "web"
  min_size                  = 1
  max_size                  = var.changed ? 6 : 4
  desired_capacity          = 2
  vpc_zone_identifier       = ["subnet-0123456789abcdef0"]
  health_check_type         = "ELB"
  health_check_grace_period = 120
  target_group_arns         = ["arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/web/0123456789abcdef"]

  launch_template {
    id      = aws_launch_template.web.id
    version = "$Latest"
  }

  tag {
    key                 = "Name"
    value               = var.changed ? "web-server" : "web"
    propagate_at_launch = true
  }

  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 50
    }
  }
}

resource "aws_autoscaling_group" "mixed" {
  name_prefix        = "mixed-"
  min_size           = 0
  max_size           = 2
  availability_zones = ["us-west-2a"]

  mixed_instances_policy {
    instances_distribution {
      on_demand_base_capacity = var.changed ? 1 : 0
    }

    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.web.id
      }

      override {
        instance_type = "t3.medium"
      }
    }
  }
}

resource "aws_autoscaling_group" "old" {
  max_size             = 1
  min_size             = 1
  launch_configuration = aws_launch_configuration.old.name
  availability_zones   = ["us-west-2b"]
}

resource "aws_autoscaling_policy" "cpu" {
  name                   = "cpu"
  autoscaling_group_name = aws_autoscaling_group.web.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = var.changed ? 50 : 60

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

resource "aws_autoscaling_policy" "up" {
  name                   = "up"
  autoscaling_group_name = aws_autoscaling_group.old.name
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = var.changed ? 2 : 1
  cooldown               = 300
}

resource "aws_autoscaling_schedule" "night" {
  scheduled_action_name  = "night"
  autoscaling_group_name = aws_autoscaling_group.web.name
  recurrence             = "0 22 * * *"
  min_size               = 0
  max_size               = 1
  desired_capacity       = 0
}

resource "aws_autoscaling_lifecycle_hook" "drain" {
  name                   = "drain"
  autoscaling_group_name = aws_autoscaling_group.web.name
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_TERMINATING"
  heartbeat_timeout      = var.changed ? 600 : 300
}

resource "aws_autoscaling_attachment" "old" {
  autoscaling_group_name = aws_autoscaling_group.old.id
  elb                    = aws_elb.old.id
}

resource "aws_elb" "old" {
  name               = "old"
  availability_zones = ["us-west-2b"]
  idle_timeout       = var.changed ? 100 : 60

  listener {
    instance_port     = 8080
    instance_protocol = "http"
    lb_port           = 80
    lb_protocol       = "http"
  }

  health_check {
    healthy_threshold   = 2
    unhealthy_threshold = 2
    timeout             = 3
    target              = "HTTP:8080/"
    interval            = 30
  }
}
