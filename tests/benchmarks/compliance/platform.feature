Feature: four scenarios about what the measured plans hold, to time terraform-compliance with

  Scenario: Load balancers are protected from deletion
    Given I have aws_lb defined
    Then it must contain enable_deletion_protection
    And its value must be true

  Scenario: Subnets lie in the private network
    Given I have aws_subnet defined
    Then it must contain cidr_block
    And its value must match the "^10\." regex

  Scenario: Log groups keep their events for a while
    Given I have aws_cloudwatch_log_group defined
    When it has retention_in_days
    Then its value must be greater than 6

  Scenario: Tasks run without public addresses
    Given I have aws_ecs_service defined
    When it has network_configuration
    Then it must contain network_configuration
    And it must contain assign_public_ip
    And its value must be false
