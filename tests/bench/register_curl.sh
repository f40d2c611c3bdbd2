# The registration by one curl a request, sign-in included. What and where is in the environment (side_by_side.py).
set -e
ask() { curl -sS --fail-with-body --noproxy '*' --cacert "$CA" "$@"; }
arm() { ask -o /dev/null -X "$1" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$BASE/subscriptions/$SUB$2" -d "$3"; }
member() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
client=client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46
code=$(ask "$BASE/$TENANT/oauth2/v2.0/devicecode" -d $client --data-urlencode "scope=$BASE/.default" | member device_code)
token=$(ask "$BASE/$TENANT/oauth2/v2.0/token" -d $client -d grant_type=urn:ietf:params:oauth:grant-type:device_code -d "device_code=$code" | member access_token)
arm PUT "/resourcegroups/$GROUP?api-version=2021-04-01" '{"location": "eastus"}'
for p in $PROVIDERS; do arm POST "/providers/$p/register?api-version=2021-04-01" ''; done
scope=/resourceGroups/$GROUP
arm PUT "$scope/providers/Microsoft.AzureStackHCI/clusters/$CLUSTER?api-version=2024-04-01" '{"location": "eastus"}'
arm PUT "$scope/providers/Microsoft.Authorization/roleAssignments/$ASSIGNMENT?api-version=2022-04-01" "{\"properties\":
    {\"roleDefinitionId\": \"/subscriptions/$SUB/providers/Microsoft.Authorization/roleDefinitions/$ROLE\", \"principalId\": \"$PRINCIPAL\", \"principalType\": \"ServicePrincipal\"}}"
