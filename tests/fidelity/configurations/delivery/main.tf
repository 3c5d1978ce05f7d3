# Building and shipping: CodeBuild, CodePipeline, CodeDeploy, CodeCommit, batch.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "us-east-2"
}

resource "aws_codebuild_project" "main" {
  name          = "build"
  description   = var.changed ? "builds all" : "builds"
  service_role  = "arn:aws:iam::123456789012:role/build"
  build_timeout = 20

  artifacts {
    type = "CODEPIPELINE"
  }

  environment {
    compute_type    = "BUILD_GENERAL1_SMALL"
    image           = "aws/codebuild/standard:5.0"
    type            = "LINUX_CONTAINER"
    privileged_mode = true

    environment_variable {
      name  = "STAGE"
      value = var.changed ? "prod" : "dev"
    }
  }

  source {
    type      = "CODEPIPELINE"
    buildspec = "buildspec.yml"
  }

  logs_config {
    cloudwatch_logs {
      group_name = "build"
    }
  }
}

resource "aws_codebuild_project" "plain" {
  name         = "plain"
  service_role = "arn:aws:iam::123456789012:role/build"

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:5.0"
    type         = "LINUX_CONTAINER"
  }

  source {
    type     = "GITHUB"
    location = "https://github.com/example/shop.git"
  }
}

resource "aws_codepipeline" "main" {
  name     = var.changed ? "release" : "deliver"
  role_arn = "arn:aws:iam::123456789012:role/pipeline"

  artifact_store {
    location = "artifacts"
    type     = "S3"
  }

  stage {
    name = "Source"

    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeStarSourceConnection"
      version          = "1"
      output_artifacts = ["source"]
      configuration = {
        ConnectionArn    = aws_codestarconnections_connection.main.arn
        FullRepositoryId = "example/shop"
        BranchName       = "main"
      }
    }
  }

  stage {
    name = "Build"

    action {
      name            = "Build"
      category        = "Build"
      owner           = "AWS"
      provider        = "CodeBuild"
      version         = "1"
      input_artifacts = ["source"]
      configuration   = { ProjectName = aws_codebuild_project.main.name }
    }
  }
}

resource "aws_codestarconnections_connection" "main" {
  name          = "source"
  provider_type = "GitHub"
}

resource "aws_codecommit_repository" "main" {
  repository_name = "shop"
  description     = var.changed ? "the shop" : "shop"
}

resource "aws_codedeploy_app" "main" {
  name             = "shop"
  compute_platform = "ECS"
}

resource "aws_codedeploy_deployment_group" "main" {
  app_name               = aws_codedeploy_app.main.name
  deployment_group_name  = "blue-green"
  deployment_config_name = "CodeDeployDefault.ECSAllAtOnce"
  service_role_arn       = "arn:aws:iam::123456789012:role/deploy"

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE"]
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = var.changed ? 10 : 5
    }
  }

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = "shop"
    service_name = "web"
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = ["arn:aws:elasticloadbalancing:us-east-2:123456789012:listener/app/shop/0123456789abcdef/0123456789abcdef"]
      }

      target_group {
        name = "blue"
      }

      target_group {
        name = "green"
      }
    }
  }
}


resource "aws_batch_job_definition" "main" {
  name = "report"
  type = "container"
  container_properties = jsonencode({
    image   = "123456789012.dkr.ecr.us-east-2.amazonaws.com/report:1"
    memory  = 512
    vcpus   = 1
    command = ["report"]
  })

  retry_strategy {
    attempts = 2
  }
}

resource "aws_elastic_beanstalk_application" "main" {
  name        = "legacy"
  description = "the old shop"
}

resource "aws_imagebuilder_component" "main" {
  name     = "hello"
  platform = "Linux"
  version  = var.changed ? "1.0.1" : "1.0.0"
  data     = "schemaVersion: 1.0"
}
