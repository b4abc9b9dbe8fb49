#!/bin/bash
# How does a process become a machine of the lab? It is the first process of new namespaces, gives itself its own
# view of the file system, waits for its network card and then keeps the services of its role running.
# In: HA_DOCTOR_LAB_NODE_FOLDER, HA_DOCTOR_LAB_NODE, HA_DOCTOR_LAB_ROLE, HA_DOCTOR_LAB_BINARIES.
set -eu
folder=$HA_DOCTOR_LAB_NODE_FOLDER
umask 022

mount --make-rprivate /
hostname "$HA_DOCTOR_LAB_NODE"

for directory in /etc /var /opt; do
  layer=$folder/layers$directory
  mkdir -p "$layer/upper" "$layer/work"
  mount -t overlay lab -o "lowerdir=$directory,upperdir=$layer/upper,workdir=$layer/work" "$directory"
done
mount -t overlay lab -o "lowerdir=$HA_DOCTOR_LAB_BINARIES:/usr/local/bin" /usr/local/bin
mount -t tmpfs -o mode=755 lab /run
mkdir -p /run/lab /run/lock

# etcd and the container snapshots need a real file system below them, not an overlay.
while read -r name target; do
  mkdir -p "$folder/disk/$name" "$target"
  mount --bind "$folder/disk/$name" "$target"
done <<'PLACES'
containerd /var/lib/containerd
kubelet /var/lib/kubelet
etcd /var/lib/etcd
kubernetes /etc/kubernetes
logs /var/log/kubernetes
PLACES

# The kubelet insists on some kernel settings; they would be changed for the whole machine.
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  mkdir -p "/run/lab/sysctl/${setting%/*}"
  cat "/proc/sys/$setting" >"/run/lab/sysctl/$setting"
  mount --bind "/run/lab/sysctl/$setting" "/proc/sys/$setting"
done

# keepalived writes what it knows into /tmp, and each machine has one of its own.
if [ "$HA_DOCTOR_LAB_ROLE" = lb ]; then
  cd /
  mount -t tmpfs lab /tmp
fi

mount --make-rshared /
rm -f /etc/resolv.conf
cp -R "$folder/files/." /
touch /run/lab/mounted

until ip -4 -oneline address show dev eth0 2>/dev/null | grep -q inet; do sleep 0.05; done

# Runs a service again whenever it ends, unless /run/lab/<service>.stopped exists.
supervise() {
  local service=$1 log=/var/log/$1.log
  while :; do
    if [ -e "/run/lab/$service.stopped" ]; then
      sleep 0.2
      continue
    fi
    "run_$service" >>"$log" 2>&1 &
    echo $! >"/run/lab/$service.pid"
    wait $! || true
    rm -f "/run/lab/$service.pid"
    sleep 0.5
  done
}

run_containerd() {
  exec containerd
}

run_kubelet() {
  until [ -s /var/lib/kubelet/config.yaml ] && [ -s /var/lib/kubelet/kubeadm-flags.env ] &&
    { [ -s /etc/kubernetes/kubelet.conf ] || [ -s /etc/kubernetes/bootstrap-kubelet.conf ]; }; do
    sleep 0.2
  done
  . /var/lib/kubelet/kubeadm-flags.env
  if [ -e /etc/default/kubelet ]; then
    set -a
    . /etc/default/kubelet
    set +a
  fi
  # Unquoted: kubeadm writes a list of words.
  exec kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \
    --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml ${KUBELET_KUBEADM_ARGS:-}
}

run_etcd() {
  until [ -s /etc/kubernetes/pki/etcd/peer.key ]; do sleep 0.2; done
  exec etcd --config-file=/etc/etcd/etcd.yaml
}

run_haproxy() {
  mkdir -p /run/haproxy
  exec haproxy -W -f /etc/haproxy/haproxy.cfg
}

run_nginx() {
  exec nginx -g 'daemon off;'
}

# Labs side by side would share the memory of hot restarts.
run_envoy() {
  exec envoy --config-path /etc/envoy/envoy.yaml --disable-hot-restart --concurrency 1 --log-level warning
}

run_keepalived() {
  exec keepalived --dont-fork --log-console --log-detail --vrrp
}

case $HA_DOCTOR_LAB_ROLE in
  master | worker) services='containerd kubelet' ;;
  etcd) services=etcd ;;
  lb) services=$(cat /etc/lab-services) ;;
esac
for service in $services; do supervise "$service" & done

# The first process of a process namespace inherits orphans (container shims) and must not end.
while :; do wait -n || sleep 1; done
