# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2004,SC2034,SC2154
# Where backups are: a folder of this machine, S3-compatible storage, or any remote of rclone. For entries 2 and 5 of the menu.

place_usage() {
  cat <<'TEXT'
  --to folder                a folder of this machine (better: a disk or share of its own), with
    --folder FOLDER            (default: /var/backups/mailkeep)
  --to s3                    S3-compatible storage, with
    --endpoint URL             as in https://s3.eu-central-1.amazonaws.com
    --bucket NAME[/FOLDER]     must be there
    --region NAME              when the storage wants one
    --access-file FILE         the access key on its first line, the secret key on its second
  --to rclone                any other remote of rclone, with
    --rclone-config FILE       its configuration, and
    --remote NAME:PATH         where in it
TEXT
}

place_flags="to folder endpoint bucket region access-file rclone-config remote"

# take_place   from the flags in `given`.
take_place() {
  place_kind=${given[to]:-} place_folder=${given[folder]:-} place_endpoint=${given[endpoint]:-} place_bucket=${given[bucket]:-}
  place_region=${given[region]:-} place_access_file=${given[access-file]:-} place_rclone=${given[rclone-config]:-}
  place_remote=${given[remote]:-}
}

# ask_place   asks for what the flags did not say; with --yes all stays as it was the last time.
ask_place() {
  place_kept=0
  if [[ -z $place_kind && -n ${setting[MAILKEEP_BACKUP_KIND]:-} ]] && ! is_interactive; then
    place_kept=1 place_kind=${setting[MAILKEEP_BACKUP_KIND]} place_folder=${setting[MAILKEEP_BACKUPS]:-}
    return
  fi
  if is_interactive && [[ -z ${place_kind:-} ]]; then
    say
    say "  Backups are sealed: whoever keeps them reads nothing without the recovery key. Keep them away from this machine if you can:"
    say "  folder   a folder here, as of a mounted disk"
    say "  s3       S3-compatible storage"
    say "  rclone   anything else that rclone knows"
  fi
  question place_kind --to "Where to (folder, s3, rclone)" "${setting[MAILKEEP_BACKUP_KIND]:-folder}" check_kind
  case $place_kind in
    folder)
      question place_folder --folder "Folder" "$(backups_folder)" check_folder
      ;;
    s3)
      question place_endpoint --endpoint "Endpoint" "" check_endpoint
      question place_bucket --bucket "Bucket, and a folder in it if you like (NAME/FOLDER)" "" check_bucket
      if is_interactive && [[ -z ${place_region:-} ]]; then read -r -p "Region, when the storage wants one: " place_region || fail "no answer"; fi
      [[ ${place_region:-} =~ ^[A-Za-z0-9-]*$ ]] || fail "--region: '$place_region' is not a region such as eu-central-1"
      read_access
      ;;
    rclone)
      question place_rclone --rclone-config "rclone's configuration file" "" check_readable
      question place_remote --remote "Remote (NAME:PATH)" "" check_remote
      ;;
  esac
}

check_kind() { [[ $1 =~ ^(folder|s3|rclone)$ ]] || { echo "'$1' is none of folder, s3, rclone" && return 1; }; }
check_folder() {
  [[ $1 =~ ^/[A-Za-z0-9._/@+-]+$ ]] || { echo "'$1' is not a folder from / on, of letters, digits and ._/@+-" && return 1; }
}
check_endpoint() { [[ $1 =~ ^https?://[][A-Za-z0-9.:_/-]+$ ]] || { echo "'$1' is not an address such as https://s3.example.com" && return 1; }; }
check_bucket() { [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9._/-]+$ ]] || { echo "'$1' is not a bucket such as mail-backups or mail-backups/server1" && return 1; }; }
check_readable() { [[ -f $1 && -r $1 ]] || { echo "$1 cannot be read" && return 1; }; }
check_remote() { [[ $1 =~ ^[A-Za-z0-9_-]+:[A-Za-z0-9._/@+-]*$ ]] || { echo "'$1' is not a remote such as offsite:mail" && return 1; }; }

# The storage's keys: of a file, or typed without echo.
read_access() {
  if [[ -z ${place_access_file:-} ]] && is_interactive; then
    read -r -p "Access key: " place_access || fail "no answer"
    read -rs -p "Secret key (not shown): " place_secret || fail "no answer"
    say
  else
    [[ -n ${place_access_file:-} ]] || fail "say the storage's keys with --access-file FILE (two lines)"
    { read -r place_access && read -r place_secret; } <"$place_access_file" || [[ -n $place_secret ]] ||
      fail "--access-file: $place_access_file has not two lines, the access key and the secret key"
  fi
  [[ $place_access$place_secret =~ ^[[:graph:]]+$ && -n $place_secret ]] || fail "the storage's keys are letters, digits and signs without spaces"
}

# take_place_settings   the answers as lines for the settings, in place_settings, and in `setting`.
take_place_settings() {
  local pair
  place_settings=()
  if [[ $place_kept == 1 ]]; then return; fi
  place_settings=("MAILKEEP_BACKUP_KIND=$place_kind")
  case $place_kind in
    folder) place_settings+=(MAILKEEP_BACKUP_REPOSITORY=/backups "MAILKEEP_BACKUPS=$place_folder") ;;
    s3) place_settings+=("MAILKEEP_BACKUP_REPOSITORY=backups:$place_bucket") ;;
    rclone) place_settings+=("MAILKEEP_BACKUP_REPOSITORY=$place_remote") ;;
  esac
  for pair in "${place_settings[@]}"; do setting[${pair%%=*}]=${pair#*=}; done
}

# prepare_place FILE   the folder, which only the Backup service may read; or what rclone is told, in the file, 0600.
prepare_place() {
  if [[ $place_kept == 1 ]]; then return; fi
  case $place_kind in
    folder) make_backups_folder ;;
    rclone) install -m 0600 "$place_rclone" "$1" ;;
    s3)
      (
        umask 0077
        cat >"$1" <<CONF
[backups]
type = s3
provider = Other
endpoint = $place_endpoint
region = ${place_region:-}
access_key_id = $place_access
secret_access_key = $place_secret
no_check_bucket = true
CONF
      )
      ;;
  esac
}
