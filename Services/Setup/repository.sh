# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# The backups' repository as one-shot containers see it: /backups, a folder of this machine, or a remote of rclone.
#
# Settings: MAILKEEP_BACKUP_REPOSITORY (/backups or remote:path), MAILKEEP_BACKUPS (the folder behind /backups).
# What is on its way to or from a remote is in memory (a folder of the image would lend its owner to the mount).
# rclone_file: its configuration, otherwise that of the secrets.

backup_uid=10008

backups_folder() { printf '%s' "${setting[MAILKEEP_BACKUPS]:-/var/backups/mailkeep}"; }

# place_of_backups   as people call it.
place_of_backups() {
  local repository=${setting[MAILKEEP_BACKUP_REPOSITORY]:-/backups}
  if [[ $repository == /* ]]; then backups_folder; else printf '%s' "$repository"; fi
}

# make_backups_folder   which only the Backup service may read.
make_backups_folder() {
  local folder
  folder=$(backups_folder)
  mkdir -p "$folder" && chmod 0700 "$folder" && chown -R "$backup_uid:$store_gid" "$folder"
}

# repository_container docker-run-arguments… -- mailkeep-arguments…
repository_container() {
  local repository=${setting[MAILKEEP_BACKUP_REPOSITORY]:-/backups}
  local -a run=(-e "MAILKEEP_BACKUP_REPOSITORY=$repository")
  while [[ $1 != -- ]]; do run+=("$1") && shift; done
  shift
  if [[ $repository == /* ]]; then
    run+=(--network none -v "$(backups_folder):/backups")
  else
    run+=(--network "$(way_out)" -v "${rclone_file:-$secrets/backup/rclone.conf}:/run/rclone.conf:ro"
      -e MAILKEEP_BACKUP_RCLONE_CONFIG=/run/rclone.conf --tmpfs "/passing:size=320m,mode=1777" -e MAILKEEP_BACKUP_STAGING=/passing)
  fi
  # rclone is in the Backup service's image alone.
  control_image=backup control_container --entrypoint /usr/local/bin/mailkeep "${run[@]}" -- "$@"
}

# The network that leads out: the services' own when it is there.
way_out() {
  if docker network inspect "${project}_outgoing" >/dev/null 2>&1; then printf '%s_outgoing' "$project"; else printf bridge; fi
}

# backup_container mailkeep-arguments…   `mailkeep backup run`, `list`, `verify`, `tidy` with the keys of the Backup service, which
# open no file of the store. What a backup has beside the store: the settings and the certificate.
backup_container() {
  local -a run=(--user "$backup_uid:$store_gid" -v "${project}_store:/data" -v "${project}_accounts:/data/accounts"
    -v "$secrets/backup:/run/mailkeep:ro" -e MAILKEEP_BACKUP_KEYS=/run/mailkeep)
  local file
  if [[ ${2:-} == run ]]; then
    for file in settings.env tls.crt tls.key; do set -- "$@" --include "/run/mailkeep/$file"; done
  fi
  repository_container "${run[@]}" -- "$@"
}

# restore_account_container mailkeep-arguments…   `mailkeep restore account`.
restore_account_container() {
  local -a run=()
  if [[ -t 0 && -t 1 ]]; then run=(-t); fi
  restore_container "${run[@]}" -v "${project}_store:/data" -v "${project}_accounts:/data/accounts" \
    -v "$secrets/control/configuration.key:/run/mailkeep/configuration.key:ro" \
    -v "$secrets/control/accounts.key:/run/mailkeep/accounts.key:ro" -- "$@"
}

# restore_container docker-run-arguments… -- mailkeep-arguments…   with the recovery key on standard input. It may read a repository that
# belongs to somebody else, as on a new machine.
restore_container() {
  local -a run=(--user "0:$store_gid" --cap-add DAC_OVERRIDE)
  while [[ $1 != -- ]]; do run+=("$1") && shift; done
  repository_container "${run[@]}" "$@"
}
