# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2004,SC2034,SC2154
# `./setup.sh install`, entry 1 of the menu: from an empty server to one that sends and takes mail. A second run takes the
# answers of the first, keeps every secret, and goes on where the first stopped.

for part in packages options questions machine engine certificates containers recovery_key deploy; do
  # shellcheck disable=SC1090  # the files beside this one
  source "$setup/$part.sh"
done

install_usage() {
  cat <<'TEXT'
./setup.sh install: sets up a mail server on this machine: checks it, makes secrets, certificate, store, domain and
administrator, starts every service and sends a message through all of them. It asks what it needs to know; every
question has a flag. Run again, it goes on where it stopped and never overwrites a secret.

What to set up
  --domain NAME              the domain of the mail addresses, as in example.org
  --hostname NAME            this server's own name, as in mail.example.org
  --administrator NAME       name of the first account, as in anna; it may administer everything
  --password-file FILE       its password, on the first line (otherwise one is made, and shown once)
  --address IP               where the world reaches this server; may be repeated (otherwise the addresses of the default
                             routes; behind a router it has to be said)
  --certificate FILE         PEM file with the certificate and its chain, and
  --certificate-key FILE     its key (otherwise a certificate that mail programs will warn about, until there is a real one)
  --recovery-key-output FILE where to write the recovery key of the backups (otherwise it is shown once, on a terminal)

How
  --images WHICH             built: take the images mailkeep/* that are there; build: build them from this checkout;
                             auto (default): take them when all are there, otherwise build them
  --set NAME=VALUE           a setting of compose.yaml, as in MAILKEEP_SUBMISSION_PORT=2587; may be repeated
  --offline                  do not ask the DNS or another mail server while the machine is checked
  --force                    go on in spite of errors of the machine
  --yes                      ask nothing: install what is missing, take the answers from flags and the last run

Where
  --settings FILE            the settings (default: .env beside compose.yaml)
  --secrets FOLDER           the secrets (default: /etc/mailkeep/secrets)
  --zone-file FILE           where to write the DNS records (default: DOMAIN.zone beside the folder of the secrets)
  --prefix FOLDER            the operator's command goes to FOLDER/sbin/mailkeep (default: /usr/local)
  --help                     this text
TEXT
}

install_main() {
  local domain hostname administrator password_file certificate certificate_key recovery_key_output images secrets zone_file prefix
  local addresses offline force will_build is_stopgap project version started=$EPOCHREALTIME
  local -a chosen
  take_options install "domain hostname administrator password-file address certificate certificate-key recovery-key-output
    images set settings secrets zone-file prefix" "offline force" "$@"
  domain=${given[domain]:-} hostname=${given[hostname]:-} administrator=${given[administrator]:-}
  password_file=${given[password-file]:-} certificate=${given[certificate]:-} certificate_key=${given[certificate-key]:-}
  recovery_key_output=${given[recovery-key-output]:-} images=${given[images]:-auto} prefix=${given[prefix]:-/usr/local}
  offline=${given[offline]:-0} force=${given[force]:-0} addresses=$(tr '\n' ',' <<<"${given[address]:-}")
  domain=${domain,,} hostname=${hostname,,} addresses=${addresses%,}
  secrets=${given[secrets]:+$(realpath -m "${given[secrets]}")}
  [[ $images =~ ^(auto|built|build)$ ]] || fail "--images takes auto, built or build, not '$images'"
  [[ -z $password_file || -r $password_file ]] || fail "--password-file: $password_file cannot be read"
  begin_change
  say "Mailkeep: initial setup"
  install_answers
  install_checks
  install_everything
  install_summary
}

# Answers: flags over the settings of the last run over questions.
install_answers() {
  local last
  take_settings
  last=${setting[MAILKEEP_SECRETS]:-}
  if [[ -n $last && -n $secrets && $last != "$secrets" ]]; then
    fail "the secrets of this server are in $last; to move them, move the folder and change MAILKEEP_SECRETS in $settings"
  fi
  secrets=${secrets:-${last:-/etc/mailkeep/secrets}}

  if is_interactive; then
    say
    say "  Mail addresses end in your domain: anna@example.org has the domain example.org. More can be added later."
  fi
  question domain --domain "Domain" "${setting[MAILKEEP_DOMAIN]:-}" check_domain
  if is_interactive; then
    say
    say "  The server has a name of its own in the DNS, to which other servers and mail programs connect."
  fi
  question hostname --hostname "Host name" "${setting[MAILKEEP_HOSTNAME]:-mail.$domain}" check_hostname
  # anna@example.org is as good as anna
  administrator=${administrator%@"$domain"}
  if is_interactive; then
    say
    say "  The first account. It may administer the server, and gets the mail for postmaster@$domain and abuse@$domain."
  fi
  question administrator --administrator "Administrator's name" "${setting[MAILKEEP_ADMINISTRATOR]:-}" check_local_part
  administrator=${administrator,,}
  last=${setting[MAILKEEP_ADDRESSES]:-}
  if [[ -z $addresses && -z $last ]]; then last=$(find_addresses); fi
  question addresses --address "Public addresses of this server, with commas" "$last" check_addresses
  zone_file=${given[zone-file]:-$(dirname "$secrets")/$domain.zone}
}

install_checks() {
  check_recovery_output
  say
  say "This machine:"
  ensure_engine
  choose_images
  check_machine
  say
  if ! ask "Set up $hostname for $domain now?"; then fail "nothing was changed"; fi
  write_settings "MAILKEEP_HOSTNAME=$hostname" "MAILKEEP_DOMAIN=$domain" "MAILKEEP_ADMINISTRATOR=$administrator" \
    "MAILKEEP_ADDRESSES=$addresses" "MAILKEEP_SECRETS=$secrets" "COMPOSE_PROJECT_NAME=$project" "MAILKEEP_VERSION=$version" \
    "${chosen[@]}"
}

install_everything() {
  if [[ $will_build == 1 ]]; then step "Build the images (the first time some ten minutes)" build_images; fi
  choose_certificate
  step "Secrets in $secrets" make_secrets "$certificate" "$certificate_key"
  make_recovery_key
  step "Volumes, and $(backups_folder) for backups" make_places
  step "The store" mailkeep_container init
  step "The domain $domain and its DKIM keys" add_domain
  add_administrator
  bring_up
  step "DNS records in $zone_file" write_zone_file
}

make_places() { make_volumes && make_backups_folder; }

add_domain() {
  mailkeep_container domain list --json </dev/null | grep -qF "\"$domain\"" || mailkeep_container domain add "$domain" </dev/null
}

# The password is made here and shown at once, so that nothing that fails later can lose it.
add_administrator() {
  local address=$administrator@$domain password=$password_file
  if mailkeep_container account list "$domain" --json </dev/null | grep -qF "\"$address\""; then
    say "  The account $address is there already; its password stays."
    return
  fi
  if [[ -z $password ]]; then
    password=$(mktemp)
    make_password >"$password"
  fi
  step "The account $address" add_account "$address" "$password" || {
    [[ -n $password_file ]] || rm -f "$password"
    return 1
  }
  [[ -z $password_file ]] || return 0
  printf '  Its password, shown only now:  %s\n' "$(<"$password")"
  rm -f "$password"
}
add_account() { mailkeep_container account add "$1" --administrator --password-file - <"$2"; }

# TLSA only where the DNS can be asked.
write_zone_file() {
  local -a asked=()
  [[ $offline == 1 ]] && asked=(--offline)
  mkdir -p "$(dirname "$zone_file")"
  mailkeep_container dns "$domain" "${asked[@]}" </dev/null >"$zone_file.new" && mv "$zone_file.new" "$zone_file"
}

install_summary() {
  local admin_port
  say
  say "Set these records in the DNS of $domain (they are in $zone_file, too):"
  say
  cat "$zone_file"
  say
  say "  \`mailkeep dns $domain --check\` says which of them the DNS has. Names of addresses (PTR) are set at your server's provider."
  say
  admin_port=$(published_port MAILKEEP_ADMIN_PORT)
  if [[ -n $admin_port ]]; then
    say "Log in:         https://$hostname:$admin_port/   (https://admin.$domain/ when the DNS has it), as $administrator@$domain"
  fi
  say "Mail programs:  IMAP $hostname port $(published_port MAILKEEP_IMAPS_PORT) TLS, sending $hostname port $(published_port MAILKEEP_SUBMISSIONS_PORT) TLS,"
  say "                calendars and contacts https://$hostname:$(published_port MAILKEEP_DAV_PORT)/; the user is the whole address."
  say "Look after it:  mailkeep help;  mailkeep account add …@$domain;  mailkeep health"
  say "Backups:        each night into $(place_of_backups); ./setup.sh backups says another place"
  tell_of_stopgap
  say
  say "Done in $(seconds_since "$started") s."
}
