# Phase one of two_phase and data_source: everything but the services.
services_enabled = false
