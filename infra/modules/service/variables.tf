variable "name" {
  description = "Name of the service."
  type        = string
}

variable "environmentSuffix" {
  description = "End of every name."
  type        = string
}

variable "enabled" {
  description = "Whether the service runs. False builds all it needs, but neither task definition, service nor scaling."
  type        = bool
}

variable "image" {
  description = "Image to run. Null is refused while the service is enabled."
  type        = string
}

variable "cpu" {
  description = "CPU units of a task, 1024 to the vCPU."
  type        = number

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.cpu)
    error_message = "cpu must be a size Fargate offers: 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }
}

variable "memory" {
  description = "Memory of a task in MiB."
  type        = number

  validation {
    condition     = var.memory >= 512 && (var.memory == 512 || var.memory % 1024 == 0)
    error_message = "memory must be 512 or a multiple of 1024 MiB."
  }
}

variable "port" {
  description = "Port of the target group, the same whatever image runs."
  type        = number
}

variable "container_port" {
  description = "Port the image listens on."
  type        = number
}

variable "health_path" {
  description = "Path the image answers with 200 when healthy."
  type        = string
}

variable "environment" {
  description = "Environment variables of the container. No secrets: they are readable in the task definition."
  type        = map(string)
  default     = {}
}

variable "cluster_arn" {
  description = "Cluster to run in."
  type        = string
}

variable "cluster_name" {
  description = "Name of that cluster, which Application Auto Scaling asks for."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the subnets."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets the tasks spread over."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups of the tasks."
  type        = list(string)
}

variable "listener_arn" {
  description = "Listener that forwards /<name> to the service."
  type        = string
}

variable "priority" {
  description = "Place of the listener rule among the others of its listener."
  type        = number

  validation {
    condition     = var.priority >= 1 && var.priority <= 50000
    error_message = "priority must be between 1 and 50000."
  }
}

variable "namespace_id" {
  description = "Cloud Map namespace to register in."
  type        = string
}

variable "repository_arn" {
  description = "ECR repository the execution role may pull from."
  type        = string
}

variable "trust_policy" {
  description = "JSON policy saying who may assume the roles."
  type        = string
}

variable "task_policy" {
  description = "JSON policy of what the code of the service may do."
  type        = string
}
