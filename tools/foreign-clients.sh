#!/bin/sh
# foreign-clients.sh - puts the clients that others wrote where tests/foreign finds them. Development only: nothing of it is built or shipped.
#
#   tools/foreign-clients.sh            Debian's azure-cli, python3-azure, python3-msal, nodejs, npm where missing (asks for root), then the npm packages
#   tools/foreign-clients.sh --npm      the npm packages only
#
# They go to $AZL_FOREIGN (default ~/.cache/azloconf-foreign): node_modules with the SDKs, MSAL and oidc-provider, oav/node_modules with the
# validator, which wants other versions of the same packages. A second call finds everything there and does nothing.
set -eu

top=${AZL_FOREIGN:-${XDG_CACHE_HOME:-$HOME/.cache}/azloconf-foreign}
sdk="@azure/msal-node@7.2.1 @azure/identity@4.13.1 @azure/arm-azurestackhci@3.1.0 @azure/arm-resources@7.0.0
@azure/arm-resources-subscriptions@2.1.1 @azure/arm-authorization@9.0.0 oidc-provider@9.13.3"
oav="oav@4.0.3"

debian() {
    missing=
    for p in azure-cli python3-azure python3-msal; do
        dpkg-query -W -f '${Status}' $p 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
    done
    command -v node >/dev/null || missing="$missing nodejs"
    command -v npm >/dev/null || missing="$missing npm"
    [ -n "$missing" ] || return 0
    echo "installing:$missing"
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get install -y --no-install-recommends $missing || {
        $sudo apt-get update
        $sudo apt-get install -y --no-install-recommends $missing
    }
}

# packages FOLDER NAME@VERSION...: no package's own install script is run
packages() {
    folder=$1
    shift
    wanted=$(echo "$@")
    if [ -f "$folder/.azloconf" ] && [ "$(cat "$folder/.azloconf")" = "$wanted" ]; then
        echo "$folder: there already"
        return
    fi
    mkdir -p "$folder"
    [ -f "$folder/package.json" ] || echo '{"private": true}' >"$folder/package.json"
    # shellcheck disable=SC2086
    (cd "$folder" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error --save-exact $wanted)
    echo "$wanted" >"$folder/.azloconf"
}

[ "${1:-}" = --npm ] || debian
packages "$top" $sdk
packages "$top/oav" $oav
echo "foreign clients: az $(az version --query '"azure-cli"' -o tsv 2>/dev/null || echo missing), node $(node --version), $top"
