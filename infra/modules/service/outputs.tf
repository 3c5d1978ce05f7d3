output "service_name" {
  description = "Name of the ECS service; null while it is not enabled."
  value       = one(aws_ecs_service.this[*].name)
}
