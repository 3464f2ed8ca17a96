#!/bin/sh
# Make the secrets of docker-compose.yml in deploy/secrets/, each once: what is there stays.
#
#   serve_tokens       who may ask `lifestage serve`, a line `SCOPE TOKEN` each; the first is Prometheus', the second yours
#   prometheus_token   that token alone
#   grafana_password   of Grafana's user admin
set -eu
cd "${1:-$(dirname "$0")}"
# The folder is closed to others; the files in it can be read, since each container has another user.
mkdir -p -m 700 secrets
umask 022

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

if [ ! -e secrets/serve_tokens ]; then
  token=$(random)
  printf '%s' "$token" >secrets/prometheus_token
  printf 'read %s  # Prometheus\nadmin %s\n' "$token" "$(random)" >secrets/serve_tokens
fi
[ -e secrets/grafana_password ] || random >secrets/grafana_password
ls -l secrets
