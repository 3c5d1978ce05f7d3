locals {
  min_capacity = 2
  max_capacity = 10

  # Percent to hold, by what is measured.
  targets = {
    cpu    = { metric = "ECSServiceAverageCPUUtilization", percent = 70 }
    memory = { metric = "ECSServiceAverageMemoryUtilization", percent = 80 }
  }
}

resource "aws_appautoscaling_target" "this" {
  count = var.enabled ? 1 : 0

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster_name}/${aws_ecs_service.this[0].name}"
  min_capacity       = local.min_capacity
  max_capacity       = local.max_capacity
}

resource "aws_appautoscaling_policy" "this" {
  for_each = var.enabled ? local.targets : {}

  name               = "${var.name}-${each.key}-${var.environmentSuffix}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value = each.value.percent

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
    }
  }
}
