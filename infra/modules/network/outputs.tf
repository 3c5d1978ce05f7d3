output "vpc_id" {
  description = "VPC that holds the subnets."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "Subnets with a way to and from the internet, one for each zone."
  value       = [for zone in var.availability_zones : aws_subnet.public[zone].id]

  # Whoever takes a subnet waits until it has its way out.
  depends_on = [aws_route.public, aws_route_table_association.public]
}

output "private_subnet_ids" {
  description = "Subnets with a way to the internet through the NAT gateway of their zone, one for each zone."
  value       = [for zone in var.availability_zones : aws_subnet.private[zone].id]

  depends_on = [aws_route.private, aws_route_table_association.private]
}
