#!/bin/bash
# Where does the lab's operator stand? In the network that holds the bridge, with names for the lab's machines.
# In: HA_DOCTOR_LAB_HOSTS (file), HA_DOCTOR_LAB_ADDRESS (with prefix length).
set -eu
mount --bind "$HA_DOCTOR_LAB_HOSTS" /etc/hosts
ip link set lo up
ip link add bridge0 type bridge forward_delay 0 stp_state 0
ip address add "$HA_DOCTOR_LAB_ADDRESS" dev bridge0
ip link set bridge0 up
exec sleep infinity
