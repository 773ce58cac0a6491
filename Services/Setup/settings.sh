# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# A server's settings: lines NAME=value in one file, `.env` beside compose.yaml unless --settings names another. Compose
# reads the same file. It is read as text, never run; no secret is in it.
#
# Every function works with: settings (the file), root (the checkout).

# read_settings   fills the associative array `setting` from the file, when there is one.
read_settings() {
  declare -gA setting=()
  local line
  [[ -f $settings ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line =~ ^([A-Z][A-Z0-9_]*)=(.*)$ ]]; then setting[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}; fi
  done <"$settings"
}

# use_settings   reads them, and leaves what the rest of set-up works with.
use_settings() {
  read_settings
  # shellcheck disable=SC2034
  hostname=${setting[MAILKEEP_HOSTNAME]:-} domain=${setting[MAILKEEP_DOMAIN]:-} addresses=${setting[MAILKEEP_ADDRESSES]:-}
  # shellcheck disable=SC2034
  secrets=${setting[MAILKEEP_SECRETS]:-} project=${setting[COMPOSE_PROJECT_NAME]:-mailkeep} version=${setting[MAILKEEP_VERSION]:-latest}
}

# write_settings NAME=value…   sets these in the file, 0600, all or none; other lines stay as they are.
write_settings() {
  local pair line name
  local -A wanted=()
  for pair in "$@"; do
    [[ $pair =~ ^[A-Z][A-Z0-9_]*=[A-Za-z0-9._:/@,+=-]*$ ]] ||
      fail "'$pair' cannot be a setting: a value has letters, digits and ._:/@,+=- only"
    wanted[${pair%%=*}]=${pair#*=}
  done
  mkdir -p "$(dirname "$settings")"
  (
    umask 0077
    {
      if [[ -f $settings ]]; then
        while IFS= read -r line || [[ -n $line ]]; do
          name=${line%%=*}
          if [[ $line == *=* && -n ${wanted[$name]+set} ]]; then
            line=$name=${wanted[$name]}
            unset "wanted[$name]"
          fi
          printf '%s\n' "$line"
        done <"$settings"
      else
        printf '# Settings of this Mailkeep server; docs/operations.md says what they are. Written by setup.sh, yours to edit.\n'
      fi
      for name in "${!wanted[@]}"; do printf '%s=%s\n' "$name" "${wanted[$name]}"; done | sort
    } >"$settings.new"
    # A disk that is full must not cost the settings.
    sync "$settings.new" && mv "$settings.new" "$settings"
  ) || fail "cannot write $settings"
  read_settings
}

# Names that compose.yaml takes, one a line.
compose_settings() { grep -oE '\$\{MAILKEEP_[A-Z0-9_]+' "$root/compose.yaml" | cut -c3- | sort -u; }

# Published ports: lines "SETTING PORT", the port that holds now.
published_ports() {
  local name port
  while read -r name port; do printf '%s %s\n' "$name" "${setting[$name]:-$port}"; done < <(
    grep -oE '\$\{MAILKEEP_[A-Z0-9_]+_PORT:-[0-9]+\}:[0-9]+' "$root/compose.yaml" |
      sed -E 's/^\$\{(MAILKEEP_[A-Z0-9_]+):-([0-9]+)\}.*/\1 \2/' | sort -u)
}

# published_port SETTING   the port that holds now.
published_port() { published_ports | awk -v name="$1" '$1 == name { print $2 }'; }

# Our own services, and all with an image of ours: one a line, as compose.yaml and the Dockerfile name them.
our_services() { sed -nE 's/^ +image: mailkeep\/([a-z-]+):.*/\1/p' "$root/compose.yaml" | sort -u; }
our_images() { printf 'control\n' && our_services; }
