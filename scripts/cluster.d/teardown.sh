# shellcheck shell=bash
# Removes a cluster in whatever state it is: a run that was killed leaves the same names behind as one that ended well.

remove_cluster() {
  local processes namespace
  if [[ -d $folder ]]; then
    mapfile -t processes < <(cd "$folder/processes" 2>/dev/null && ls)
    end_processes "${processes[@]}"
  fi
  remove_cgroups
  # Exactly ours: other names may begin alike.
  for namespace in /run/netns/"$name"-{link,cp} /run/netns/"$name"-n[0-9]*; do
    [[ -e $namespace ]] || continue
    # Also what a killed run started and didn't record.
    ip netns pids "${namespace##*/}" | xargs -r kill -KILL
    ip netns del "${namespace##*/}"
  done
  awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
  rm -rf --one-file-system "$folder"
  rmdir --ignore-fail-on-non-empty "$(dirname "$folder")" 2>/dev/null || true
}

# What still runs in the nodes' cgroups belongs to nodes whose first process was killed without its children.
remove_cgroups() {
  local own hierarchy controller
  for own in /sys/fs/cgroup/"$name"-n[0-9]* /sys/fs/cgroup/*/"$name"-n[0-9]*; do
    [[ -d $own ]] || continue
    wait_for 10 "the processes in \"$own\" to end" emptied "$own"
    find "$own" -depth -type d -exec rmdir {} +
  done
  [[ -f $folder/controllers ]] || return 0
  # Those that the nodes asked for; one that another cluster hands on is refused, and stays.
  while read -r hierarchy controller; do
    echo "-$controller" >"$hierarchy/cgroup.subtree_control" || true
  done 2>/dev/null <"$folder/controllers"
}

emptied() {
  local pids
  pids=$(find "$1" -name cgroup.procs -exec cat {} + | grep -vx 0)
  [[ -n $pids ]] || return 0
  # shellcheck disable=SC2086 # one argument for each
  kill -KILL $pids
  return 1
}
