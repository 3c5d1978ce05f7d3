output "alb_dns_name" {
  description = "Host name clients reach the services under, at /<service>/."
  value       = aws_lb.this.dns_name
}

output "repository_urls" {
  description = "Where the pipeline pushes, by service name."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}

output "cluster_name" {
  description = "Cluster the services run in."
  value       = aws_ecs_cluster.this.name
}

output "service_names" {
  description = "ECS service by service name; null while services_enabled is false."
  value       = { for name, service in module.service : name => service.service_name }
}

output "namespace" {
  description = "Private DNS namespace the services register in."
  value       = aws_service_discovery_private_dns_namespace.this.name
}
