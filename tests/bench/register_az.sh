# The registration by az, signed in already, a process a request as its users do it. What and where is in the environment (side_by_side.py).
set -e
az group create -n "$GROUP" -l eastus
for p in $PROVIDERS; do az provider register -n "$p"; done
az account show
scope=/subscriptions/$SUB/resourceGroups/$GROUP
az resource create --id "$scope/providers/Microsoft.AzureStackHCI/clusters/$CLUSTER" --api-version 2024-04-01 --is-full-object -p '{"location": "eastus"}'
az rest --method put --url "$scope/providers/Microsoft.Authorization/roleAssignments/$ASSIGNMENT?api-version=2022-04-01" --body "{\"properties\":
    {\"roleDefinitionId\": \"/subscriptions/$SUB/providers/Microsoft.Authorization/roleDefinitions/$ROLE\", \"principalId\": \"$PRINCIPAL\", \"principalType\": \"ServicePrincipal\"}}"
