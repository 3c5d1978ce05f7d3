# Functions and the two kinds of API gateway in front of them.

variable "changed" {
  type    = bool
  default = false
}

provider "aws" {
  region = "eu-west-1"

  default_tags {
    tags = { Team = "serverless" }
  }
}

resource "aws_iam_role" "function" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })

  inline_policy {
    name   = "logs"
    policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "logs:*", Resource = "*" }] })
  }
}

resource "aws_lambda_layer_version" "main" {
  layer_name          = "common"
  s3_bucket           = "artifacts"
  s3_key              = var.changed ? "layer-2.zip" : "layer-1.zip"
  compatible_runtimes = ["python3.8"]
}

resource "aws_lambda_function" "main" {
  function_name                  = "handler"
  role                           = aws_iam_role.function.arn
  handler                        = "app.handler"
  runtime                        = "python3.8"
  s3_bucket                      = "artifacts"
  s3_key                         = "handler.zip"
  memory_size                    = var.changed ? 512 : 256
  timeout                        = 30
  reserved_concurrent_executions = 10
  publish                        = true
  layers                         = [aws_lambda_layer_version.main.arn]
  tags                           = { Name = "handler" }

  environment {
    variables = var.changed ? { STAGE = "prod", DEBUG = "0" } : { STAGE = "dev" }
  }

  vpc_config {
    subnet_ids         = ["subnet-0123456789abcdef0"]
    security_group_ids = ["sg-0123456789abcdef0"]
  }

  dead_letter_config {
    target_arn = "arn:aws:sqs:eu-west-1:123456789012:dead"
  }

  tracing_config {
    mode = "Active"
  }
}

resource "aws_lambda_function" "image" {
  function_name = "image"
  role          = aws_iam_role.function.arn
  package_type  = "Image"
  image_uri     = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/image:${var.changed ? 2 : 1}"
  description   = "from an image"
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.main.function_name
  function_version = aws_lambda_function.main.version
}

resource "aws_lambda_permission" "api" {
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.main.function_name
  principal     = var.changed ? "events.amazonaws.com" : "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.main.execution_arn}/*/*"
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn                   = "arn:aws:sqs:eu-west-1:123456789012:jobs"
  function_name                      = aws_lambda_function.main.arn
  batch_size                         = var.changed ? 20 : 10
  maximum_batching_window_in_seconds = 5
}

resource "aws_lambda_event_source_mapping" "stream" {
  event_source_arn  = "arn:aws:kinesis:eu-west-1:123456789012:stream/events"
  function_name     = aws_lambda_function.main.arn
  starting_position = "LATEST"
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  function_name                     = aws_lambda_function.main.function_name
  provisioned_concurrent_executions = var.changed ? 4 : 2
  qualifier                         = aws_lambda_alias.live.name
}

resource "aws_lambda_function_event_invoke_config" "main" {
  function_name                = aws_lambda_function.main.function_name
  maximum_event_age_in_seconds = 600
  maximum_retry_attempts       = var.changed ? 1 : 0
}

resource "aws_apigatewayv2_api" "main" {
  name          = "http"
  protocol_type = "HTTP"
  description   = var.changed ? "the API" : null

  cors_configuration {
    allow_origins = ["https://example.com"]
    allow_methods = ["GET", "POST"]
    max_age       = 300
  }
}

resource "aws_apigatewayv2_integration" "main" {
  api_id                 = aws_apigatewayv2_api.main.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.main.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_authorizer" "main" {
  api_id           = aws_apigatewayv2_api.main.id
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]
  name             = "jwt"

  jwt_configuration {
    audience = ["example"]
    issuer   = "https://login.example.com"
  }
}

resource "aws_apigatewayv2_route" "main" {
  api_id             = aws_apigatewayv2_api.main.id
  route_key          = var.changed ? "ANY /v2/{proxy+}" : "ANY /{proxy+}"
  target             = "integrations/${aws_apigatewayv2_integration.main.id}"
  authorization_type = "JWT"
  authorizer_id      = aws_apigatewayv2_authorizer.main.id
}

resource "aws_apigatewayv2_stage" "main" {
  api_id      = aws_apigatewayv2_api.main.id
  name        = "$default"
  auto_deploy = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    format          = jsonencode({ id = "$context.requestId" })
  }

  default_route_settings {
    throttling_burst_limit = var.changed ? 200 : 100
    throttling_rate_limit  = 50
  }
}

resource "aws_cloudwatch_log_group" "api" {
  name = "/api"
}

resource "aws_api_gateway_rest_api" "main" {
  name        = "rest"
  description = "orders"

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "orders" {
  rest_api_id = aws_api_gateway_rest_api.main.id
  parent_id   = aws_api_gateway_rest_api.main.root_resource_id
  path_part   = var.changed ? "purchases" : "orders"
}

resource "aws_api_gateway_method" "post" {
  rest_api_id      = aws_api_gateway_rest_api.main.id
  resource_id      = aws_api_gateway_resource.orders.id
  http_method      = "POST"
  authorization    = "NONE"
  api_key_required = var.changed
}

resource "aws_api_gateway_integration" "post" {
  rest_api_id             = aws_api_gateway_rest_api.main.id
  resource_id             = aws_api_gateway_resource.orders.id
  http_method             = aws_api_gateway_method.post.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.main.invoke_arn
}

resource "aws_api_gateway_method_response" "ok" {
  rest_api_id     = aws_api_gateway_rest_api.main.id
  resource_id     = aws_api_gateway_resource.orders.id
  http_method     = aws_api_gateway_method.post.http_method
  status_code     = "200"
  response_models = { "application/json" = "Empty" }
}

resource "aws_api_gateway_deployment" "main" {
  rest_api_id = aws_api_gateway_rest_api.main.id
  triggers    = { redeploy = var.changed ? "2" : "1" }
  depends_on  = [aws_api_gateway_integration.post]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "main" {
  rest_api_id          = aws_api_gateway_rest_api.main.id
  deployment_id        = aws_api_gateway_deployment.main.id
  stage_name           = "live"
  xray_tracing_enabled = var.changed
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.main.id
  stage_name  = aws_api_gateway_stage.main.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled = true
    logging_level   = "INFO"
  }
}

resource "aws_api_gateway_usage_plan" "main" {
  name = "basic"

  api_stages {
    api_id = aws_api_gateway_rest_api.main.id
    stage  = aws_api_gateway_stage.main.stage_name
  }

  throttle_settings {
    burst_limit = 5
    rate_limit  = var.changed ? 20 : 10
  }
}

resource "aws_api_gateway_api_key" "main" {
  name = "partner"
}

resource "aws_api_gateway_usage_plan_key" "main" {
  key_id        = aws_api_gateway_api_key.main.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.main.id
}

resource "aws_api_gateway_authorizer" "main" {
  name           = "custom"
  rest_api_id    = aws_api_gateway_rest_api.main.id
  authorizer_uri = aws_lambda_function.main.invoke_arn
}

resource "aws_sfn_state_machine" "main" {
  name     = "flow"
  role_arn = "arn:aws:iam::123456789012:role/flow"
  definition = jsonencode({
    StartAt = "One"
    States  = { One = { Type = "Pass", End = true, Comment = var.changed ? "b" : "a" } }
  })
}
