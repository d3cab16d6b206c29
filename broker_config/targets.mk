# A clustered broker on this machine: packages and ports of its own, so targets of its own.
CLUSTER_PACKAGES := nats-server haproxy mosquitto
CLUSTER ?= build/cluster
.PHONY: cluster test-cluster cluster-packages

cluster-packages:
	@$(MAKE) --no-print-directory debian-packages DEBIAN_PACKAGES="$(CLUSTER_PACKAGES)"

cluster: venv cluster-packages ## a province's broker here: three nats-servers and a gate, until Ctrl-C
	mkdir -p $(CLUSTER)
	$(PY) broker_config/local_cluster.py $(CLUSTER)

test-cluster: venv cluster-packages ## cameras at one node, recorder at another, nodes killed: nothing acknowledged lost
	VIEWKEEPER_CLUSTER=1 $(PY) -m pytest -q --timeout 600 tests/cluster
