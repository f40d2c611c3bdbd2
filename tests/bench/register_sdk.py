#!/usr/bin/python3
"""The registration by Debian's Python SDK in one process, sign-in included. What and where is in the environment (side_by_side.py)."""
import os

from azure.identity import DeviceCodeCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.azurestackhci import AzureStackHCIClient
from azure.mgmt.resource import ResourceManagementClient

sub, group = os.environ["SUB"], os.environ["GROUP"]
credential = DeviceCodeCredential(tenant_id=os.environ["TENANT"], prompt_callback=lambda uri, code, until: None)
resources = ResourceManagementClient(credential, sub)
resources.resource_groups.create_or_update(group, {"location": "eastus"})
for namespace in os.environ["PROVIDERS"].split():
    resources.providers.register(namespace)
AzureStackHCIClient(credential, sub).clusters.create(group, os.environ["CLUSTER"], {
    "location": "eastus", "aad_client_id": os.environ["PRINCIPAL"], "aad_tenant_id": os.environ["TENANT"]})  # its version requires both
AuthorizationManagementClient(credential, sub).role_assignments.create(f"/subscriptions/{sub}/resourceGroups/{group}", os.environ["ASSIGNMENT"], {
    "role_definition_id": f"/subscriptions/{sub}/providers/Microsoft.Authorization/roleDefinitions/{os.environ['ROLE']}",
    "principal_id": os.environ["PRINCIPAL"], "principal_type": "ServicePrincipal"})
