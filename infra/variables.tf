variable "project" {
  description = "Name of the platform: prefix of every shared name, and the Project tag."
  type        = string
  default     = "payments"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.project)) && length(var.project) <= 16
    error_message = "project must be at most 16 lower-case letters, digits and single hyphens, and start with a letter."
  }
}

variable "environment" {
  description = "Stage this copy of the platform serves."
  type        = string
  default     = "dev"

  validation {
    condition     = contains(["dev", "staging", "production"], var.environment)
    error_message = "environment must be dev, staging or production."
  }
}

# The name is part of the platform's contract with its pipelines, hence not snake_case.
variable "environmentSuffix" {
  description = "End of every name, and the Environment tag: tells copies of the platform in one account apart."
  type        = string
  default     = "dev"

  # The longest service name (21), a hyphen and 10 characters make the 32 a target group may have.
  validation {
    condition     = can(regex("^[a-z0-9]+(-[a-z0-9]+)*$", var.environmentSuffix)) && length(var.environmentSuffix) <= 10
    error_message = "environmentSuffix must be 1 to 10 lower-case letters, digits and single hyphens between them."
  }
}

variable "vpc_cidr" {
  description = "IPv4 block of the VPC, cut into sixteen subnets of which four are used."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(regex("/(1[6-9]|20)$", var.vpc_cidr)) && can(cidrhost(var.vpc_cidr, 0))
    error_message = "vpc_cidr must be an IPv4 block from /16 to /20, such as 10.0.0.0/16."
  }
}

variable "services" {
  description = "The services by name: task size, place among the listener rules, and what each may do with the artifacts bucket and the transactions table."
  type = map(object({
    cpu              = number
    memory           = number
    priority         = number
    artifact_actions = set(string)
    table_actions    = set(string)
  }))
  nullable = false

  default = {
    fraud-detection = {
      cpu              = 512
      memory           = 1024
      priority         = 100
      artifact_actions = ["s3:GetObject"]
      table_actions    = ["dynamodb:GetItem", "dynamodb:Query"]
    }
    transaction-processor = {
      cpu              = 512
      memory           = 1024
      priority         = 200
      artifact_actions = ["s3:PutObject"]
      table_actions    = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    }
  }

  validation {
    condition     = alltrue([for name in keys(var.services) : can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", name)) && length(name) <= 21])
    error_message = "A service name must be at most 21 lower-case letters, digits and single hyphens, and start with a letter."
  }

  validation {
    condition     = length(distinct([for service in var.services : service.priority])) == length(var.services)
    error_message = "Every service needs a listener rule priority of its own."
  }

  validation {
    condition = alltrue(flatten([
      for service in var.services : [
        [for action in service.artifact_actions : can(regex("^s3:[A-Za-z]+Object$", action))],
        [for action in service.table_actions : can(regex("^dynamodb:[A-Za-z]+$", action))],
      ]
    ]))
    error_message = "artifact_actions take S3 object actions, table_actions take DynamoDB actions, both without wildcards."
  }
}

variable "service_port" {
  description = "Port every service listens on."
  type        = number
  default     = 8080

  validation {
    condition     = var.service_port >= 1 && var.service_port <= 65535
    error_message = "service_port must be between 1 and 65535."
  }
}

variable "health_path" {
  description = "Path every service answers with 200 when healthy."
  type        = string
  default     = "/health"

  validation {
    condition     = startswith(var.health_path, "/")
    error_message = "health_path must start with a slash."
  }
}

variable "image_strategy" {
  description = "How a service gets an image that exists: two_phase, data_source or placeholder (README.md tells them apart)."
  type        = string
  default     = "two_phase"

  validation {
    condition     = contains(["two_phase", "data_source", "placeholder"], var.image_strategy)
    error_message = "image_strategy must be two_phase, data_source or placeholder."
  }
}

variable "services_enabled" {
  description = "Whether the services run. False builds all around them, the repositories above all, so that images can be pushed first."
  type        = bool
  default     = false
  nullable    = false
}

variable "image_digests" {
  description = "Digest of the pushed image by service name, for two_phase."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for digest in values(var.image_digests) : can(regex("^sha256:[0-9a-f]{64}$", digest))])
    error_message = "An image digest must be sha256: and 64 lower-case hexadecimal digits."
  }
}

variable "image_tag" {
  description = "Tag that data_source looks up in every repository. Null takes the image pushed last."
  type        = string
  default     = null

  validation {
    condition     = var.image_tag == null || can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.image_tag))
    error_message = "image_tag must be a legal tag: 1 to 128 letters, digits, dots, underscores and hyphens."
  }
}

variable "placeholder" {
  description = "Public image that placeholder runs in place of every service, the port it listens on and a path it answers with 200."
  type = object({
    image       = string
    port        = number
    health_path = string
  })
  default = {
    image       = "public.ecr.aws/nginx/nginx:1.27"
    port        = 80
    health_path = "/"
  }
  nullable = false

  validation {
    condition     = can(regex("^public\\.ecr\\.aws/[a-z0-9/._-]+(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$", var.placeholder.image)) && !endswith(var.placeholder.image, ":latest")
    error_message = "placeholder.image must come from public.ecr.aws and name a version, by tag or digest."
  }

  validation {
    condition     = var.placeholder.port >= 1 && var.placeholder.port <= 65535
    error_message = "placeholder.port must be between 1 and 65535."
  }

  validation {
    condition     = startswith(var.placeholder.health_path, "/")
    error_message = "placeholder.health_path must start with a slash."
  }
}
