"""policyscan: will this Terraform plan deploy and run, and does it comply?"""

__version__ = "0.1.0"
